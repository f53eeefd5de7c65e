"""Lines of a program in blocks: which loops are around a line, and what has a value there."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from backhand.expr import Expr
from backhand.slots import Index, Slot, linear


@dataclass(eq=False, slots=True)
class Block:
    """Lines at one depth, under the loop over `index` where it has one."""

    parent: Block | None = None
    index: Index | None = None
    variable: str = ""
    header: str = ""
    lines: list[str | Block] = field(default_factory=list["str | Block"])
    open: list[Block] = field(default_factory=list["Block"])
    made: dict[Expr, str] = field(default_factory=dict[Expr, str])
    inside: set[tuple[Expr, Slot]] = field(default_factory=set["tuple[Expr, Slot]"])

    def chain(self) -> list[Block]:
        """This block and those around it, outermost first."""
        found: list[Block] = []
        block: Block | None = self
        while block is not None:
            found.append(block)
            block = block.parent
        return found[::-1]

    def put(self, line: str | Block) -> None:
        """Add a line; before the loop that is being written, where there is one."""
        at = self.lines.index(self.open[-1]) if self.open else len(self.lines)
        self.lines.insert(at, line)

    def rename(self, code: str, name: str) -> None:
        """Give a value its name: the variable that was just made for it, or one more."""
        last = self.lines[-1] if self.lines else None
        if isinstance(last, str) and last.startswith(f"{code} = ") and not self.open:
            self.lines[-1] = f"{name}{last[len(code) :]}"
            self.made = {node: name if at == code else at for node, at in self.made.items()}
        else:
            self.put(f"{name} = {code}")

    @contextmanager
    def inner(self, block: Block) -> Generator[Block]:
        """A block inside this one, open while it is being written."""
        self.put(block)
        self.open.append(block)
        yield block
        self.open.pop()

    def text(self, depth: int) -> list[str]:
        """The lines, indented."""
        out: list[str] = []
        for line in self.lines:
            if isinstance(line, str):
                out.append("    " * depth + line)
            elif line.lines:
                out.append("    " * depth + line.header)
                out += line.text(depth + 1)
        return out

    @property
    def bound(self) -> set[Index]:
        """The indices that have a value here."""
        return {each.index for each in self.chain() if each.index is not None}

    def home(self, node: Expr) -> Block:
        """The outermost block in which every index of the node has a value."""
        for outer in self.chain():
            if node.free <= outer.bound:
                return outer
        free = min(index.name for index in node.free - self.bound)
        raise AssertionError(f"no loop over {free}")

    def counter(self, index: Index) -> str:
        """What the loop over an index calls its place, counted from 0."""
        for each in reversed(self.chain()):
            if each.index == index:
                return each.variable
        raise AssertionError(f"no loop over {index.name}")

    def position(self, slot: Slot, lower: int) -> str:
        """A slot as a position that counts from 0, where its axis counts from `lower`."""
        coefficients, offset = linear(slot)
        offset -= lower
        text = ""
        for index, coefficient in coefficients.items():
            offset += coefficient * index.lower
            size = "" if abs(coefficient) == 1 else f"{abs(coefficient)} * "
            sign = "-" if coefficient < 0 else "+"
            text += f" {sign} {size}{self.counter(index)}"
        if offset or not text:
            text += f" {'-' if offset < 0 else '+'} {abs(offset)}"
        return text.removeprefix(" + ").lstrip()
