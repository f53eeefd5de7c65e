"""Formulas and workings in plain text: Unicode on one line, or in a block with tall brackets."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from backhand.compositions import COMPOSED_AS, COMPOSITIONS
from backhand.functions import READ_AS, TABLE
from backhand.syntax import (
    Call,
    Derive,
    Entry,
    Equal,
    Flipped,
    Formula,
    Maps,
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
    counted,
)
from backhand.working import Prose, Step, Working
from backhand.writing.brackets import (
    ATOM,
    OVER,
    POWER,
    TIMES,
    after_minus,
    in_power,
    on_line,
    signed,
    signed_factors,
    style,
)
from backhand.writing.names import SUBSCRIPTS, SUPERSCRIPTS, spelling, unicode_letter
from backhand.writing.wrapping import wrapped

WIDTH = 80


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
        case Partial(of, by, straight, _, then):
            below = (by, *then)
            return f"{_above(len(below), straight)}{inside(of, ATOM)}/{_below(below, straight)}"
        case Derive(of, by, straight):
            operator = f"{_above(len(by), straight)}/{_below(by, straight)}"
            return f"{operator}({formula_text(of)})"
        case Minus(of):
            return f"−{inside(of, after_minus(of))}"
        case Plus(terms):
            return _plus(terms)
        case Times():
            return _times(found)
        case Over(top, bottom):
            return f"{inside(top, POWER)}/{inside(bottom, POWER)}"
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
            return "ℝ" if not sizes else _script("×".join(map(formula_text, sizes)), "ℝ")
        case Maps(functions, domain, codomain):
            names, spaces = (", ".join(map(formula_text, functions)), map(formula_text, domain))
            return f"{names}: {' × '.join(spaces)} → {formula_text(codomain)}"
        case Words(text):
            return text


def _above(order: int, straight: bool) -> str:
    return ("d" if straight else "∂") + (str(order).translate(SUPERSCRIPTS) if order > 1 else "")


def _below(variables: Sequence[Formula], straight: bool) -> str:
    sign = "d" if straight else "∂"
    powers = [(formula_text(of), n) for of, n in counted(variables)]
    return "".join(f"{sign}{of}" + (_exponent(str(n)) if n > 1 else "") for of, n in powers)


def inside(found: Formula, least: int) -> str:
    """A formula as a part of another, in brackets where it wouldn't hold together."""
    text = formula_text(found)
    return f"({text})" if on_line(found) < least else text


def _number(found: Num) -> str:
    text = found.text or str(found.value)
    digits, _, power = text.partition("e")
    if power:
        text = f"{digits}×10{str(int(power)).replace('-', '−').translate(SUPERSCRIPTS)}"
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


def _script(text: str, base: str) -> str:
    raised = f"^{text}" if len(text) == 1 else f"^{{{text}}}"
    return base + (text.translate(SUPERSCRIPTS) if text.isdigit() else raised)


def _plus(terms: Sequence[Formula]) -> str:
    text = ""
    for sign, term, least in signed(terms):
        text += f" {sign} " * bool(sign) + inside(term, least)
    return text


def _times(product: Times) -> str:
    text = ""
    before: Formula | None = None
    for sign, factor, least in signed_factors(product):
        text += (_between(before, factor, sign) if before else "") + inside(factor, least)
        before = factor
    return text


def _between(before: Formula, after: Formula, sign: str) -> str:
    if sign in ("·", "⊙", "*"):
        return f" {sign} "
    return " · " if on_line(before) == OVER or on_line(after) == OVER else " "


def _raised(base: Formula, exponent: Formula) -> str:
    text = f"({formula_text(base)})" if in_power(base) else formula_text(base)
    return text + _exponent(formula_text(exponent))


def _exponent(shown: str) -> str:
    """What stands raised: small digits, or one sign, or a bracket behind ^."""
    if shown.lstrip("−").isdigit():
        return shown.translate(SUPERSCRIPTS)
    return f"^{shown}" if len(shown) == 1 else f"^({shown})"


def _call(function: str, args: Sequence[Formula], primes: int) -> str:
    shown = ", ".join(map(formula_text, args))
    if function in READ_AS:
        notation = TABLE[READ_AS[function]].notation
        if notation.style == "exponent":
            return f"e{_exponent(shown)}"
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
    if not _is_tall(found):
        return (formula_text(found),)
    pieces = _pieces(found)
    height = max(len(piece) for piece in pieces)
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
        case Times() if _is_tall(found):
            pieces: list[tuple[str, ...]] = []
            before: Formula | None = None
            for sign, factor, least in signed_factors(found):
                if before is not None:
                    pieces.append((_between(before, factor, sign),))
                pieces += _pieces(factor) if _is_tall(factor) else [(inside(factor, least),)]
                before = factor
            return pieces
        case Plus(terms) if _is_tall(found):
            pieces = _pieces(terms[0])
            for term in terms[1:]:
                negative = isinstance(term, Minus)
                pieces += [(" − " if negative else " + ",)]
                pieces += _pieces(term.of if isinstance(term, Minus) else term)
            return pieces
        case Call(function, (single,)) if _is_tall(found):
            return [(f"{_call(function, (), 0)[:-1]}",), *_pieces(single), (")",)]
        case Flipped(of) if _is_tall(found):
            return [*_pieces(of), ("ᵀ",)]
        case _:
            return [(formula_text(found),)]


def _is_tall(found: Formula) -> bool:
    """Whether there is a matrix of several rows where one is set tall."""
    match found:
        case Rows(rows):
            return len(rows) > 1
        case Equal(parts) | Times(parts) | Plus(parts):
            return any(map(_is_tall, parts))
        case Call(function, (single,)):
            return style(function) != "exponent" and _is_tall(single)
        case Flipped(of):
            return _is_tall(of)
        case _:
            return False


def _tall(rows: Sequence[Sequence[Formula]]) -> tuple[str, ...]:
    """A matrix in tall brackets, numbers aligned to the right."""
    cells = [[formula_text(item) for item in row] for row in rows]
    columns = max(map(len, cells))
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
    if not isinstance(found, Equal) or len(found.sides) < 2:
        return wrapped(block[0] if len(block) == 1 else formula_text(found), width)
    head = formula_text(found.sides[0])
    indent = " " * (len(head) + 1 if len(head) < width // 3 else 4)
    lines: list[str] = [head] if len(head) >= width // 3 else []
    for at, (sign, side) in enumerate(zip(found.signs, found.sides[1:], strict=True)):
        block = fitted(side, width - len(indent) - 2)
        middle = (len(block) - 1) // 2 if _is_tall(side) else 0
        for row, line in enumerate(block):
            start = f"{head} " if at == 0 and not lines and row == 0 else indent
            lines.append(f"{start}{sign if row == middle else ' '} {line}")
    return tuple(lines)


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
        lines += [f"     {line}" for line in wrapped(prose_text(step.note), width - 5)]
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
