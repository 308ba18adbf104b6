"""Encodings, line ends, and what is no table at all."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from catalog_files import rows, write

from musicrec.catalog import CatalogError, open_catalog
from musicrec.catalog.base import Catalog
from musicrec.catalog.text import guess_encoding

ENCODED = {
    "cp1252": ["Björk\nSigur Rós", "Guns N’ Roses", "“Heroes” – live, 5 €", "Beyoncé"],
    "mac-roman": ["Björk", "Sigur Rós\nMötley Crüe\nBeyoncé", "Guns N’ Roses\n“Sweet Child”\nMotörhead – live"],
    "cp932": ["宇多田ヒカル\n東京事変\nくるり", "椎名林檎"],
    "euc_jp": ["宇多田ヒカル\n東京事変\nくるり\nスピッツ"],
    "gb18030": ["周杰伦\n王菲\n陈奕迅\n邓丽君", "周杰伦"],
    "big5hkscs": ["周杰倫\n王菲\n陳奕迅\n鄧麗君"],
    "cp949": ["방탄소년단\n아이유\n소녀시대\n빅뱅"],
    "cp1251": ["Кино\nЗемфира\nАлла Пугачёва"],
    "koi8-r": ["Кино\nЗемфира\nАлла Пугачёва\nМумий Тролль"],
    "cp1253": ["Γιάννης Χαρούλης\nΝατάσσα Μποφίλιου"],
    "cp850": ["Björk\nSigur Rós\nMötley Crüe\nBeyoncé"],
}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return open_catalog(tmp_path_factory.mktemp("catalog") / "catalog.duckdb")


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in ENCODED.items() for text in texts])
def test_the_encoding_is_guessed_from_few_names(name: str, text: str):
    assert text.encode(name).decode(guess_encoding(text.encode(name))) == text


def test_what_is_text_in_no_encoding_is_refused(catalog: Catalog, tmp_path: Path):
    assert guess_encoding(bytes(range(128, 256))) == ""
    with pytest.raises(CatalogError, match=r"line 2: not UTF-8, and no other encoding fits; name it with --encoding"):
        catalog.add(write(tmp_path / "junk.csv", b"a,b\n" + bytes(range(128, 256)) + b",1\n"))


@pytest.mark.parametrize(("name", "line"), [("Muse 🎸", 2), ("Björk\n東京", 3), ("音\nмузык\nab音", 4)])
@pytest.mark.parametrize("behind", ["", ",1\n"])
def test_a_character_that_is_cut_off_is_no_other_encoding(
    catalog: Catalog, tmp_path: Path, name: str, line: int, behind: str
):
    content = "name,n\n" + name.replace("\n", ",1\n")
    with pytest.raises(CatalogError, match=rf"line {line}: UTF-8, but a character is cut off"):
        catalog.add(write(tmp_path / "cut.csv", content.encode()[:-1] + behind.encode()))


@pytest.mark.parametrize("packed", [False, True])
def test_one_line_that_is_not_utf8_changes_no_other(catalog: Catalog, tmp_path: Path, packed: bool):
    body = "Sigur Rós,1\n".encode() * 3_000 + b"Bj\xf6rk,2\n" + "音,3\n".encode()
    for place, content in enumerate((b"n\xe4me,n\n" + body.replace(b"\xf6", b"\xc3\xb6"), "näme,n\n".encode() + body)):
        path = write(tmp_path / f"{packed}{place}.csv", gzip.compress(content) if packed else content)
        entry = catalog.add(path)
        assert entry.columns == ["näme", "n"] and entry.encoding == "utf-8, cp1252"
        assert rows(catalog, entry.name)[-3:] == [("Sigur Rós", "1"), ("Björk", "2"), ("音", "3")]
        assert f"line {1 if place == 0 else 3002} reads" in entry.notes[0] and "--encoding" in entry.notes[0]


def test_the_given_encoding_decides_or_is_refused(catalog: Catalog, tmp_path: Path):
    path = write(tmp_path / "given.csv", "name,n\nBjörk,1\n".encode("mac-roman"))
    assert catalog.add(path, "mac", encoding="mac-roman").notes == () and rows(catalog, "mac") == [("Björk", "1")]
    catalog.add(path, "cp1252", encoding="cp1252")
    assert rows(catalog, "cp1252") == [("Bjšrk", "1")]
    for encoding, message in {
        "utf-8": "line 2: not utf-8 text",
        "klingon": "no encoding",
        "rot13": "no encoding",
    }.items():
        with pytest.raises(CatalogError, match=message):
            catalog.add(path, "x", encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_marks_at_the_beginning_and_wide_characters(catalog: Catalog, tmp_path: Path, encoding: str):
    path = write(tmp_path / f"{encoding}.csv", "name,n\nBjörk,1\n音,2\n".encode(encoding))
    assert catalog.add(path).columns == ["name", "n"] and rows(catalog, encoding) == [("Björk", "1"), ("音", "2")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_line_ends_of_every_kind(catalog: Catalog, tmp_path: Path, end: str):
    content = f'a,b{end}"x\ry",1{end}"x\r\ny",2{end}z,3{end}'
    name = "ends-" + end.encode().hex()
    catalog.add(write(tmp_path / f"{name}.csv", content))
    assert rows(catalog, name) == [("x\ry", "1"), ("x\r\ny", "2"), ("z", "3")]


NO_TABLES = {
    "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n": "Git LFS pointer",
    "/annex/objects/SHA256E-s3--0.csv\n": "git-annex pointer",
    "<!DOCTYPE html>\n<html></html>\n": "mark-up",
    " <html><body>404</body></html>": "mark-up",
    '<?xml version="1.0"?>\n<a/>': "mark-up",
    '[{"a": 1}]\n': "holds JSON",
    '{"message": "Not Found"}\n': "holds JSON",
    "%PDF-1.4\n": "another program",
    "{\\rtf1 x}": "another program",
    b"\x28\xb5\x2f\xfd\x04": "unpack it first",
    b"BZh91AY&SY\x12": "unpack it first",
    b"\xfd7zXZ\0\0": "unpack it first",
    b"bplist00\xd4\x01": "a shortcut",
    "[InternetShortcut]\r\nURL=https://example.org/t.csv\r\n": "a shortcut",
    "[Desktop Entry]\nType=Link\n": "a shortcut",
}


@pytest.mark.parametrize("content", NO_TABLES)
def test_what_is_no_table_whatever_it_is_called(catalog: Catalog, tmp_path: Path, content: str | bytes):
    with pytest.raises(CatalogError, match=NO_TABLES[content]):
        catalog.add(write(tmp_path / "t.csv", content))


def test_a_name_with_accents_is_found_however_it_is_spelled(catalog: Catalog, tmp_path: Path):
    write(tmp_path / "Bjo\u0308rk.csv", "a,b\n1,x\n")
    assert catalog.add(tmp_path / "Bj\u00f6rk.csv").name == "Bj\u00f6rk"
    assert catalog.show("Bjo\u0308rk").rows == 1
