"""Formulas and workings in plain text: Unicode on one line, or in a block with tall brackets."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from backhand.compositions import COMPOSED_AS, COMPOSITIONS
from backhand.functions import READ_AS, TABLE
from backhand.syntax import (
    Call,
    Entry,
    Equal,
    Flipped,
    Formula,
    Minus,
    Name,
    Norm,
    Num,
    Over,
    Partial,
    Plus,
    Raised,
    Relation,
    Rows,
    Space,
    Sum,
    Test,
    Times,
    Words,
    strength,
)
from backhand.working import Prose, Step, Working
from backhand.writing.names import SUBSCRIPTS, SUPERSCRIPTS, spelling, unicode_letter

WIDTH = 80
SUM, TIMES, OVER, POWER, ATOM = 2, 3, 4, 5, 9
"""How tightly the parts of a formula must hold together; see `syntax.strength`."""


def formula_text(found: Formula) -> str:
    """A formula on one line.

    >>> formula_text(Raised(Plus((Name("y"), Minus(Name("yhat")))), Num(Fraction(2))))
    '(y − ŷ)²'
    """
    match found:
        case Num():
            return _number(found)
        case Name(name):
            return _name(name)
        case Entry(of, slots, point):
            return _entry(of, slots, point)
        case Partial(of, by, straight):
            sign = "d" if straight else "∂"
            return f"{sign}{formula_text(of)}/{sign}{formula_text(by)}"
        case Minus(of):
            return f"−{inside(of, TIMES)}"
        case Plus(terms):
            return _plus(terms)
        case Times(factors, sign):
            return _times(factors, sign)
        case Over(top, bottom):
            return f"{inside(top, OVER)}/{inside(bottom, POWER)}"
        case Raised(base, exponent):
            return _raised(base, exponent)
        case Flipped(of):
            return f"{inside(of, ATOM)}ᵀ"
        case Call(function, args, primes):
            return _call(function, args, primes)
        case Sum(letter, lower, upper, body):
            return f"{_sum_sign(letter, lower, upper)} {inside(body, TIMES)}"
        case Norm(of):
            return f"‖{formula_text(of)}‖"
        case Test(left, order, right):
            shown = {">=": "≥", "<=": "≤"}.get(order, order)
            return f"[{formula_text(left)} {shown} {formula_text(right)}]"
        case Rows(rows):
            return f"[{'; '.join(', '.join(map(formula_text, row)) for row in rows)}]"
        case Equal(sides, signs):
            shown = formula_text(sides[0])
            for sign, side in zip(signs, sides[1:], strict=True):
                shown += f" {sign} {formula_text(side)}"
            return shown
        case Space(sizes):
            return "ℝ" if not sizes else _script("×".join(map(formula_text, sizes)), "^", "ℝ")
        case Words(text):
            return text


def inside(found: Formula, least: int) -> str:
    """A formula as a part of another, in brackets where it wouldn't hold together."""
    text = formula_text(found)
    return f"({text})" if strength(found) < least else text


def _number(found: Num) -> str:
    text = found.text or str(found.value)
    if "e" in text:
        digits, _, power = text.partition("e")
        text = (
            f"{digits}·10^{int(power)}"
            if abs(int(power)) > 99
            else (f"{digits}·10{str(int(power)).translate(SUPERSCRIPTS)}")
        )
    return text.replace("-", "−").replace("inf", "∞")


def _name(name: str) -> str:
    parts = spelling(name)
    tail = parts.subscript
    if not tail:
        return unicode_letter(parts)
    return unicode_letter(parts) + (tail.translate(SUBSCRIPTS) if tail.isdigit() else f"_{tail}")


def _entry(of: Formula, slots: Sequence[Formula], point: Formula | None) -> str:
    text = inside(of, ATOM)
    if point is not None:
        text += f"^({formula_text(point)})"
    if not slots:
        return text
    numbers = ",".join(map(formula_text, slots))
    bare = isinstance(of, Name) and not spelling(of.name).subscript and point is None
    if bare and len(slots) == 1 and numbers.isdigit():
        return text + numbers.translate(SUBSCRIPTS)
    return f"{text}[{numbers}]"


def _script(text: str, mark: str, base: str) -> str:
    table = SUPERSCRIPTS
    if text.isdigit():
        return base + text.translate(table)
    return f"{base}{mark}{{{text}}}"


def _plus(terms: Sequence[Formula]) -> str:
    text = inside(terms[0], SUM)
    for term in terms[1:]:
        if isinstance(term, Minus):
            text += f" − {inside(term.of, TIMES)}"
        else:
            # A negative number keeps its bracket: 2 + (−3) · 5 is how it is put in.
            text += f" + {inside(term, TIMES) if leads_negative(term) else inside(term, SUM)}"
    return text


def leads_negative(found: Formula) -> bool:
    """Whether a formula starts with a minus, and so needs a bracket after another sign."""
    match found:
        case Num(value):
            return value < 0
        case Minus():
            return True
        case _:
            return False


def _times(factors: Sequence[Formula], sign: str) -> str:
    text = inside(factors[0], TIMES if not leads_negative(factors[0]) else POWER)
    before = factors[0]
    for factor in factors[1:]:
        part = inside(factor, POWER) if not isinstance(factor, Partial) else formula_text(factor)
        text += f"{_between(before, factor, sign)}{part}"
        before = factor
    return text


def _between(before: Formula, after: Formula, sign: str) -> str:
    if sign in ("·", "⊙", "*"):
        return f" {sign} "
    if isinstance(after, Num) or isinstance(before, Partial) or isinstance(after, Partial):
        return " · "
    if isinstance(before, Over) or isinstance(after, Over):
        return " · "
    return " "


def _raised(base: Formula, exponent: Formula) -> str:
    text = (
        inside(base, ATOM)
        if not isinstance(base, Call) or is_exponent(base)
        else formula_text(base)
    )
    if isinstance(base, Call) and is_exponent(base):
        text = f"({text})" if not text.startswith("(") else text
    shown = formula_text(exponent)
    if shown.lstrip("−").isdigit():
        return text + shown.translate(SUPERSCRIPTS)
    return f"{text}^{shown if strength(exponent) == ATOM and len(shown) == 1 else f'({shown})'}"


def is_exponent(found: Formula) -> bool:
    """Whether a function is written as a power of e."""
    return (
        isinstance(found, Call)
        and found.function in READ_AS
        and TABLE[READ_AS[found.function]].notation.style == "exponent"
    )


def _call(function: str, args: Sequence[Formula], primes: int) -> str:
    shown = ", ".join(map(formula_text, args))
    if function in READ_AS:
        notation = TABLE[READ_AS[function]].notation
        if notation.style == "exponent":
            return f"e^({shown})" if len(shown) > 1 else f"e^{shown}"
        if notation.style == "fence":
            half = len(notation.text) // 2
            return f"{notation.text[:half]}{shown}{notation.text[half:]}"
        return f"{notation.text}{chr(39) * primes}({shown})"
    if function in COMPOSED_AS:
        return f"{COMPOSITIONS[COMPOSED_AS[function]].text}({shown})"
    return f"{_name(function)}{chr(39) * primes}({shown})"


def _sum_sign(letter: str, lower: Formula | None, upper: Formula | None) -> str:
    if lower is None:
        return f"Σ_{letter}"
    top = f"^{{{formula_text(upper)}}}" if upper is not None else ""
    return f"Σ_{{{letter}={formula_text(lower)}}}{top}"


# ---- blocks ------------------------------------------------------------------------------------


def formula_block(found: Formula) -> tuple[str, ...]:
    """A formula with its matrices as tall brackets, one string a line."""
    pieces = _pieces(found)
    height = max(len(piece) for piece in pieces)
    if height == 1:
        return (formula_text(found),)
    lines = [""] * height
    for piece in pieces:
        above = (height - len(piece)) // 2
        width = max(len(line) for line in piece)
        for at in range(height):
            inner = piece[at - above] if 0 <= at - above < len(piece) else ""
            lines[at] += inner.ljust(width)
    return tuple(line.rstrip() for line in lines)


def _pieces(found: Formula) -> list[tuple[str, ...]]:
    """A formula cut from left to right into tall matrices and flat text."""
    match found:
        case Rows(rows) if len(rows) > 1:
            return [_tall(rows)]
        case Equal(sides, signs):
            pieces = _pieces(sides[0])
            for sign, side in zip(signs, sides[1:], strict=True):
                pieces += [(f" {sign} ",), *_pieces(side)]
            return pieces
        case Times(factors, sign) if any(_is_tall(f) for f in factors):
            pieces: list[tuple[str, ...]] = []
            for at, factor in enumerate(factors):
                if at:
                    pieces.append((_between(factors[at - 1], factor, sign),))
                tall = _is_tall(factor)
                pieces += _pieces(factor) if tall else [(inside(factor, POWER),)]
            return pieces
        case Plus(terms) if any(_is_tall(t) for t in terms):
            pieces = _pieces(terms[0])
            for term in terms[1:]:
                negative = isinstance(term, Minus)
                pieces += [(" − " if negative else " + ",)]
                pieces += _pieces(term.of if isinstance(term, Minus) else term)
            return pieces
        case Call(function, (single,)) if _is_tall(single) and not is_exponent(found):
            return [(f"{_call(function, (), 0)[:-1]}",), *_pieces(single), (")",)]
        case Flipped(of) if _is_tall(of):
            return [*_pieces(of), ("ᵀ",)]
        case _:
            return [(formula_text(found),)]


def _is_tall(found: Formula) -> bool:
    return any(len(piece) > 1 for piece in _pieces(found))


def _tall(rows: Sequence[Sequence[Formula]]) -> tuple[str, ...]:
    """A matrix in tall brackets, numbers aligned to the right."""
    cells = [[formula_text(item) for item in row] for row in rows]
    columns = max(len(row) for row in cells)
    widths = [max(len(r[c]) for r in cells if c < len(r)) for c in range(columns)]
    lines: list[str] = []
    for at, row in enumerate(cells):
        left, right = ("⎡", "⎤") if at == 0 else ("⎣", "⎦") if at == len(cells) - 1 else ("⎢", "⎥")
        padded = [cell.rjust(widths[c]) for c, cell in enumerate(row)]
        lines.append(f"{left}{'  '.join(padded)}{right}")
    return tuple(lines)


def fitted(found: Formula, width: int) -> tuple[str, ...]:
    """A formula in lines of at most `width`, cut before relations and signs where it is longer."""
    block = formula_block(found)
    if max(map(len, block)) <= width:
        return block
    if isinstance(found, Equal) and len(found.sides) > 1:
        head = formula_text(found.sides[0])
        indent = " " * (len(head) + 1 if len(head) < width // 3 else 4)
        lines: list[str] = [head] if len(head) >= width // 3 else []
        for at, (sign, side) in enumerate(zip(found.signs, found.sides[1:], strict=True)):
            block = fitted(side, width - len(indent) - 2)
            for row, line in enumerate(block):
                mark = f"{sign} " if row == (len(block) - 1) // 2 else "  "
                mark = mark if len(formula_block(side)) > 1 or row else f"{sign} "
                mark = mark if len(formula_block(side)) > 1 or not row else "  "
                start = f"{head} " if at == 0 and not lines and row == 0 else indent
                lines.append(f"{start}{mark}{line}")
        return tuple(lines)
    return _wrapped(formula_text(found), width)


def _wrapped(text: str, width: int) -> tuple[str, ...]:
    """A long line cut before + − · where it can be."""
    lines: list[str] = []
    while len(text) > width:
        cut = max(text.rfind(f" {sign} ", 1, width) for sign in "+−·=")
        if cut <= 0:
            cut = text.rfind(" ", 1, width)
        if cut <= 0:
            break
        lines.append(text[:cut])
        text = "  " + text[cut + 1 :]
    return (*lines, text)


# ---- workings ----------------------------------------------------------------------------------


def prose_text(prose: Prose) -> str:
    """A sentence on one line."""
    return "".join(part if isinstance(part, str) else formula_text(part) for part in prose)


def working_text(working: Working, width: int = WIDTH) -> str:
    """A working: the answer, then its steps, then how things were read."""
    lines = [prose_text(working.answer)]
    for number, step in enumerate(working.steps, 1):
        lines += ["", *step_lines(number, step, width)]
    for note in working.notes:
        lines += ["", prose_text(note)]
    return "\n".join(lines)


def step_lines(number: int, step: Step, width: int = WIDTH) -> list[str]:
    """One step: its title and rule, then formula, substitution and value."""
    lines = [f"{number}. {prose_text(step.title)} ({step.rule})"]
    lines += [f"     {line}" for line in step_formula(step, width - 5)]
    if step.note:
        lines += [f"     {line}" for line in _wrapped(prose_text(step.note), width - 5)]
    return lines


def step_formula(step: Step, width: int) -> tuple[str, ...]:
    """Formula, substitution and value of a step as one chain of equations."""
    chain = step_chain(step)
    return fitted(chain, width) if chain is not None else ()


def step_chain(step: Step) -> Formula | None:
    """Formula = substitution = value, as one relation."""
    sides: list[Formula] = []
    signs: list[Relation] = []
    if step.formula is not None:
        if isinstance(step.formula, Equal):
            sides, signs = list(step.formula.sides), list(step.formula.signs)
        else:
            sides = [step.formula]
    pairs: tuple[tuple[Formula | None, Relation], ...] = (
        (step.substitution, "="),
        (step.value, sign_before(step)),
    )
    for more, sign in pairs:
        if more is None:
            continue
        parts = list(more.sides) if isinstance(more, Equal) else [more]
        for part in parts:
            if sides and part == sides[-1]:
                continue
            if sides:
                signs.append(sign)
            sides.append(part)
    if not sides:
        return None
    return Equal(tuple(sides), tuple(signs)) if len(sides) > 1 else sides[0]


def sign_before(step: Step) -> Relation:
    """≈ where the value shown is rounded, else =."""
    return "≈" if step.value is not None and _is_rough(step.value) else "="


def _is_rough(found: Formula) -> bool:
    match found:
        case Num(value, text):
            return bool(text) and text not in ("inf", "-inf", "nan") and Fraction(text) != value
        case Rows(rows):
            return any(_is_rough(item) for row in rows for item in row)
        case _:
            return False
