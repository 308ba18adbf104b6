import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicrec.names import Names, UnknownNameError, plain

ARTISTS = [
    "Björk",
    "The Beatles",
    "Beatles",
    "Radiohead",
    "Portishead",
    "Sigur Rós",
    "!!!",
    "東京事変",
    "Muse",
    "Музыка",
]
KNOWN = [50, 90, 1, 80, 60, 40, 5, 3, 70, 2]
names = Names(ARTISTS, KNOWN)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("bjork", "Björk"),
        ("BJÖRK", "Björk"),
        ("the beatles", "The Beatles"),
        ("beatles", "The Beatles"),  # hardly anybody knows the one written exactly so
        ("  sigur ros ", "Sigur Rós"),
        ("!!!", "!!!"),
        ("東京事変", "東京事変"),
        ("музыка", "Музыка"),
    ],
)
def test_forgives_case_accents_and_articles(text: str, meant: str) -> None:
    assert ARTISTS[names.find(text)] == meant


def test_the_article_may_be_left_out() -> None:
    assert Names(["The Cure", "Cure Me"], [3, 9]).find("cure") == 0


def test_of_equal_names_the_best_known_is_meant() -> None:
    assert Names(["Nirvana", "Nirvana", "nirvana"], [2, 7, 5]).find("NIRVANA") == 1


@pytest.mark.parametrize(
    ("typo", "meant"), [("radiohed", "Radiohead"), ("portishaed", "Portishead"), ("bjrk", "Björk")]
)
def test_a_typo_is_answered_with_the_nearest_names(typo: str, meant: str) -> None:
    with pytest.raises(UnknownNameError, match=f"did you mean .*{meant}") as error:
        names.find(typo)
    assert error.value.nearest[0] == meant


def test_a_part_of_a_name_is_a_suggestion_not_a_guess() -> None:
    with pytest.raises(UnknownNameError, match="did you mean The Cinematic Orchestra"):
        Names(["The Cinematic Orchestra", "Orchid"], [5, 9]).find("cinematic")


@pytest.mark.parametrize("text", ["", "   ", "zzzzzzzzz", "🎵🎵", "<script>"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(UnknownNameError, match="no artist is called"):
        names.find(text)


@given(st.text())
def test_plain_never_fails_and_ignores_case(text: str) -> None:
    assert isinstance(plain(text), str)
    assert plain(text.upper().lower()) == plain(text.upper())
