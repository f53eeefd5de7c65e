"""The tables behind the tokenizer: what each LaTeX command and each Unicode sign stands for."""

from __future__ import annotations

import unicodedata
from typing import Literal

from backhand.syntax import Font

ORDERS: dict[str, Literal[">", ">=", "<", "<=", "="]] = {
    ">": ">", ">=": ">=", "<": "<", "<=": "<=", "=": "=", "==": "=",
}  # fmt: skip
LOOSE, SUM, PRODUCT, JUXTAPOSED, POWER, TIGHT = 0, 10, 20, 30, 40, 50
"""How tightly signs bind; nothing stands between the parts of an operand."""


def words(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


_GREEK = words(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
GREEK_COMMANDS = {name: name for name in _GREEK} | {
    "varepsilon": "epsilon", "vartheta": "theta", "varphi": "phi", "varrho": "rho",
    "varsigma": "sigma", "ell": "ell",
}  # fmt: skip
# Capitals that look like Latin ones (Α, Β, ...) and ο are left out: nobody can tell them apart.
GREEK_LETTERS = dict(zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", _GREEK, strict=True)) | {
    "ϵ": "epsilon",
    "ϑ": "theta",
    "ϕ": "phi",
    "ς": "sigma",
    "µ": "mu",
    "∆": "Delta",
    "ℓ": "ell",
}
ACCENTS = {
    "hat": "hat", "widehat": "hat", "bar": "bar", "overline": "bar", "tilde": "tilde",
    "widetilde": "tilde", "dot": "dot",
}  # fmt: skip
MARKS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot"}
FONTS: dict[str, Font] = {
    "mathbf": "bold", "boldsymbol": "bold", "bm": "bold", "vec": "bold", "textbf": "bold",
    "mathrm": "upright", "text": "upright", "textrm": "upright", "operatorname": "upright",
    "mathsf": "upright", "mathit": "italic", "textit": "italic", "mathcal": "italic",
}  # fmt: skip
SIGN_COMMANDS = {
    "cdot": "·", "times": "×", "ast": "*", "odot": "⊙", "circ": "⊙", "div": "/", "le": "<=",
    "leq": "<=", "ge": ">=", "geq": ">=", "lt": "<", "gt": ">", "approx": "≈", "in": "∈",
    "partial": "∂", "sum": "Σ", "top": "⊤", "prime": "'", "lvert": "|(", "rvert": ")|",
    "lVert": "‖(", "rVert": ")‖", "vert": "|", "Vert": "‖", "gets": "←", "leftarrow": "←",
    "coloneqq": ":=", "lbrace": "\\{", "rbrace": "\\}", "|": "‖", "{": "\\{", "}": "\\}",
}  # fmt: skip
SIGNS = {c: c for c in "+-*/=·×@⊙<>≈∈∂Σ⊤'|‖()[]{}^_,.←√𝟙ℝ"} | {
    "**": "^", ":=": ":=", "<=": "<=", ">=": ">=", "==": "==", "..": "..", "||": "‖",
    "−": "-", "–": "-", "÷": "/", "∕": "/", "⋅": "·", "∙": "·", "∗": "*", "∘": "⊙", "∑": "Σ",
    "≤": "<=", "≥": ">=", "≔": ":=", "′": "'", "’": "'", "″": "''",
}  # fmt: skip
SPACING = frozenset(
    words(
        ", ; : ! > ( ) [ ] displaystyle textstyle limits nolimits mathstrut thinspace notag "
        "nonumber middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr"
    )
) | {" ", "\n", "\t"}
STRUCTURES = frozenset(("frac", "sqrt", *ACCENTS, *FONTS))
SUPERSCRIPTS = dict(
    zip(
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱᵀᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻ",
        "0123456789+-()niTabcdefghjklmoprstuvwxyz",
        strict=True,
    )
)
SUBSCRIPTS = dict(
    zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-()aehijklmnoprstuvx", strict=True)
)
FRACTIONS = {c: unicodedata.normalize("NFKC", c).split("⁄") for c in "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"}
MATRICES = frozenset(words("matrix bmatrix pmatrix Bmatrix smallmatrix array"))
WRAPPERS = frozenset(
    name + star
    for name in words("aligned align equation gather gathered split displaymath")
    for star in ("", "*")
)
OPENING = {"(": ")", "[": "]", "{": "}", "\\{": "\\}", "|(": ")|", "‖(": ")‖"}
CLOSING = {close: start for start, close in OPENING.items()}
