"""Settings without a value: arithmetic with them makes formulas, and writing them makes placeholders."""

import re
from typing import Final

PLACEHOLDER: Final = re.compile("\x01(?P<kind>[^|\x02]*)\\|(?P<formula>[^\x02]*)\x02")


def placeholder(formula: str, kind: str = "") -> str:
    """Return what stands for a formula in a text.

    :param kind: how its value is written, such as `g`; empty: as it is.
    """
    return f"\x01{kind}|{formula}\x02"


class Symbol:
    """A number that is known later.

    :param formula: in Jsonnet.
    """

    def __init__(self, formula: str) -> None:
        self.formula = formula

    def __repr__(self) -> str:
        return f"Symbol({self.formula!r})"

    def __format__(self, kind: str) -> str:
        return placeholder(self.formula, kind)

    def to_json(self) -> str:
        """Return what stands for the number in JSON."""
        return placeholder(self.formula)

    def __mul__(self, other: object) -> "Symbol":
        return self._with("*", other)

    def __truediv__(self, other: object) -> "Symbol":
        return self._with("/", other)

    def __rmul__(self, other: float) -> "Symbol":
        return Symbol(f"({other!r} * {self.formula})")

    def __rsub__(self, other: float) -> "Symbol":
        return Symbol(f"({other!r} - {self.formula})")

    def _with(self, operator: str, other: object) -> "Symbol":
        right = other.formula if isinstance(other, Symbol) else repr(other)
        return Symbol(f"({self.formula} {operator} {right})")
