"""What different spellings of one name have in common. `book/scripts/names.js` holds the same rules."""

from __future__ import annotations

import re
import unicodedata

# Letters that no normal form takes apart, as people without them on their keyboard write them.
_SPELLED = str.maketrans(
    {"&": " and ", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_LAST_ARTICLE = re.compile(r",\s*the\s*$", re.IGNORECASE)  # as libraries file it: "Beatles, The"
_GUEST = re.compile(r"\s*[(\[]?(?<![^\W_])(?:feat|ft|featuring)(?![^\W_])\.?\s*(?=\S)", re.IGNORECASE)
_PLUS = re.compile(r"(?<=[^\W\d_]) \+ (?=[^\W\d_])")
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])['’‘`´ʼ](?=[^\W\d_])")
_AND = frozenset({"e", "et", "n", "och", "og", "und", "ve", "y"})  # "and" between two names in other languages


def plain(name: str) -> str:
    """Return a name without case, accents, punctuation and "the" before it, with one word for each kind of "and".

    Examples
    --------
    >>> plain("The Beatles"), plain("Beatles, The"), plain("Björk"), plain("Sigur Rós!"), plain("Trentemøller")
    ('beatles', 'beatles', 'bjork', 'sigur ros', 'trentemoller')
    >>> plain("Florence + the Machine"), plain("Guns N' Roses"), plain("Victor e Leo"), plain("Destiny's Child")
    ('florence and the machine', 'guns and roses', 'victor and leo', 'destinys child')

    A name that is nothing but punctuation stays as it is.

    >>> plain("!!!")
    '!!!'
    """
    text = _GUEST.sub(" feat ", _PLUS.sub(" & ", _APOSTROPHE.sub("", _LAST_ARTICLE.sub("", name))))
    words = _words(text)
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    for at in range(1, len(words) - 1):  # not in "N.E.R.D."
        if words[at] in _AND and len(words[at - 1]) > 1 and len(words[at + 1]) > 1:
            words[at] = "and"
    return " ".join(words) or unicodedata.normalize("NFKC", name).strip().casefold()


def _words(text: str) -> list[str]:
    """Return the words of a text without case and accents."""
    if text.isascii():  # most are, and have nothing to fold
        letters = text.lower().replace("&", " and ")
    else:
        folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_SPELLED)
        letters = "".join(c for c in folded if unicodedata.category(c) not in ("Mn", "Cf"))
    return re.sub(r"[\W_]+", " ", letters).split()


def exact(name: str) -> str:
    r"""Return a name without case, with one form for each character, hyphen and space.

    Examples
    --------
    >>> exact("blink\u2010182") == exact(" Blink-182 ") == exact("BLINK\u00ad-182")
    True
    """
    if name.isascii():
        return " ".join(name.lower().split())
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    text = "".join("-" if unicodedata.category(c) == "Pd" or c == "−" else c for c in text)
    return " ".join("".join(c for c in text if unicodedata.category(c) != "Cf").split())


def unmarked(name: str) -> tuple[str, str]:
    """Return `exact` without the marks before a name, such as a bullet, and without those on either side.

    Examples
    --------
    >>> unmarked("- Wham!"), unmarked('"Dúné",')
    (('wham!', 'wham'), ('dúné",', 'dúné'))
    """
    text = exact(name)
    letters = [place for place, c in enumerate(text) if unicodedata.category(c)[0] in "LNM"]
    if not letters:
        return text, text
    return text[letters[0] :], text[letters[0] : letters[-1] + 1]


def keys(name: str) -> tuple[str, ...]:
    """Return what a name may be written as with letters and digits alone, each once.

    Signs that stand for letters may be read as these, and umlauts be written with two letters.

    Examples
    --------
    >>> keys("R.E.M."), keys("Ke$ha"), keys("P!nk"), keys("Die Ärzte"), keys("!!!")
    (('rem',), ('keha', 'kesha'), ('pnk', 'pink'), ('diearzte', 'dieaerzte'), ('!!!',))
    """
    variants = [plain(name)]
    if (read := _signs_read(name)) != name:
        variants.append(plain(read))
    if not name.isascii():
        variants.append(plain(unicodedata.normalize("NFC", name).lower().translate(_UMLAUTS)))
    return tuple(dict.fromkeys(variant.replace(" ", "") for variant in variants))


def _signs_read(name: str) -> str:
    """Return a name with the letters that signs stand for: beside a letter, and "!" alone in the middle of a word."""
    if not any(sign in name for sign in "$€@!"):
        return name
    text = re.sub(r"\$(?=[^\W\d_])|(?<=[^\W\d_])\$", "s", name)
    text = re.sub(r"€(?=[^\W\d_])|(?<=[^\W\d_])€", "e", text)
    text = re.sub(r"(?<=[^\W\d_])@(?=[^\W\d_])", "a", text)
    return re.sub(r"(?<!\S)([^\s!]*[^\W\d_])!(?=[^\W\d_][^\s!]*(?!\S))", r"\1i", text)


def main_artist(name: str) -> str | None:
    """Return who stands before the guests of a joint credit, None where there are no guests.

    Examples
    --------
    >>> main_artist("Seether (Feat. Amy Lee)"), main_artist("Lady GaGa Ft. Beyoncé"), main_artist("Featurecast")
    ('Seether', 'Lady GaGa', None)
    """
    found = _GUEST.search(name)
    return name[: found.start()].strip() or None if found else None


def initials(folded: str) -> set[str]:
    """Return what the words of a folded name are abbreviated to: their first letters, numbers as they are.

    Examples
    --------
    >>> initials("red hot chili peppers"), initials("30 seconds to mars"), sorted(initials("guns and roses"))
    ({'rhcp'}, {'30stm'}, ['gar', 'gnr', 'gr'])
    """
    words = folded.split()
    if len(words) < 2:
        return set()
    middle = (("a", "n", "") if "and" in words else ("a",))  # fmt: skip
    return {"".join(word if word.isdigit() else a if word == "and" else word[0] for word in words) for a in middle}


# What players and taggers write where the artist is not known or is not one.
_NO_ARTIST = frozenset(
    """unknown, unknown artist, unknown artists, artist unknown, various, various artist, various artists, va, v a,
    untitled, untitled artist, no artist, no artists, none, null, nan, n a, undefined, not available, missing, no name,
    no title, unbekannt, unbekannter interpret, unbekannter kunstler, verschiedene, verschiedene interpreten, diverse,
    diverse artiesten, onbekend, onbekende artiest, artiste inconnu, artistes divers, artista desconocido,
    artista desconhecido, artistas varios, varios, varios artistas, artista sconosciuto, artisti vari, autori vari,
    soundtrack, soundtracks, original soundtrack, original motion picture soundtrack, original score, original cast,
    original broadway cast, original london cast, audio track, неизвестен, неизвестныи исполнитель,
    разные исполнители""".replace("\n   ", "").split(", ")
)
_NO_ARTIST_IN_BRACKETS = frozenset(
    """anonymous, traditional, data, dialogue, artist, blank, empty, silence, christmas music, nature sounds,
    language instruction, church chimes, theatre, disney, missing value""".replace("\n   ", "").split(", ")
)


def is_placeholder(name: str) -> bool:
    """Whether a name stands where an artist's name is missing, as "[unknown]" and "Various Artists" do.

    Examples
    --------
    >>> [is_placeholder(n) for n in ("[unknown]", "Various Artists", "<none>", "The Unknown", "Various Production", "")]
    [True, True, True, False, False, True]
    """
    text = name.strip()
    words = re.sub(r"(?: \d+)+$", "", " ".join(_words(text)))  # "Untitled 3"; plain would make Unknown of The Unknown
    inside = re.fullmatch(r"[\[<({].*[\]>)}]", text, re.DOTALL)
    return not text or words in _NO_ARTIST or (inside is not None and words in _NO_ARTIST_IN_BRACKETS)
