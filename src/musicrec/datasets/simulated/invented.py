"""Invented names: plainly made up, all different, some in other scripts or with characters that need care."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_ONSETS = [
    "b",
    "d",
    "f",
    "g",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "z",
    "b",
    "d",
    "k",
    "l",
    "m",
    "n",
    "r",
    "s",
    "t",
    "v",
    "br",
    "kr",
    "pl",
    "tr",
]
_VOWELS = ["a", "e", "i", "o", "u", "a", "e", "i", "o", "u", "a", "o", "ai", "ou"]
_CODAS = ["", "", "", "", "n", "r", "l", "x"]
_ACCENTS = str.maketrans("eo", "éö")
_SCRIPTS = (
    (["б", "в", "г", "д", "ж", "з", "к", "л", "м", "н", "п", "р", "с", "т"], ["а", "е", "и", "о", "у", "ы", "я"]),
    (["β", "γ", "δ", "ζ", "κ", "λ", "μ", "ν", "π", "ρ", "τ", "φ"], ["α", "ε", "η", "ι", "ο", "υ", "ω"]),
    (
        ["カ", "サ", "タ", "ナ", "ハ", "マ", "ヤ", "ラ", "ガ", "ザ", "ダ"],
        ["キ", "シ", "ニ", "ミ", "リ", "ク", "ス", "ヌ", "ム", "ル"],
    ),
    (["ב", "ג", "ד", "ז", "ט", "כ", "ל", "מ", "נ", "פ", "ר", "ש"], ["א", "ו", "י"]),
)
_FORMS: tuple[str, ...] = (
    "{0}",
    "{0}",
    "{0}",
    "{0} {1}",
    "{0} {1}",
    "The {0}s",
    "DJ {0}",
    "{0} & the {1}s",
    "{0} Trio",
)
_TRAPS: tuple[str, ...] = (
    "<b>{0}</b>", "{0} <script>{1}</script>", '"{0}" {1}', "{0}'s & {1}'s", "*{0}* _{1}_", "${0}$ {1}$", "`{0}`",
    "[{0}]({1})", "{0}|{1}", "#{0}", "{0} \\ {1}", "=1+1 {0}", "&amp;{0};", "{{{{ {0} }}}}", "{0} 🎺",
)  # fmt: skip


def syllables(rng: np.random.Generator, low: int = 2, high: int = 4) -> str:
    """Return an invented word of `low` up to (but not including) `high` syllables, in lower case."""
    parts = []
    for _ in range(int(rng.integers(low, high))):
        parts += [_ONSETS[rng.integers(len(_ONSETS))], _VOWELS[rng.integers(len(_VOWELS))]]
    return "".join(parts) + _CODAS[rng.integers(len(_CODAS))]


def name(rng: np.random.Generator) -> str:
    """Return the invented name of an artist, an album or a song."""
    kind = rng.random()
    if kind < 0.02:  # another script
        onsets, vowels = _SCRIPTS[rng.integers(len(_SCRIPTS))]
        letters = [pool[rng.integers(len(pool))] for _ in range(int(rng.integers(3, 5))) for pool in (onsets, vowels)]
        return "".join(letters)
    words = [syllables(rng, 3, 5).capitalize(), syllables(rng, 2, 4).capitalize()]
    if kind < 0.05:
        return " ".join(words).translate(_ACCENTS)
    forms = _TRAPS if kind < 0.055 else _FORMS
    return forms[rng.integers(len(forms))].format(*words)


def unique(n: int, make: Callable[[], str], taken: set[str] | None = None) -> list[str]:
    """Return n different results of `make`, none of them in `taken`, to which they are added."""
    taken = set() if taken is None else taken
    found: list[str] = []
    while len(found) < n:
        candidate = make()
        if candidate not in taken:
            taken.add(candidate)
            found.append(candidate)
    return found
