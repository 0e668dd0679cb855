"""The error messages and warnings of the product, as its source has them; `…` is what is filled in."""

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2] / "exporter"
POSITIONS: Final = {
    "ApiError": 1,
    "ArgumentTypeError": 0,
    "ConfigError": 0,
    "DataWarning": 1,
    "HTTPException": 1,
    "NotHealthyError": 0,
    "PlainTextResponse": 0,
    "UnsentRequestError": 1,
    "UsageError": 0,
    "WalkLostError": 0,
    "_error": 0,
    "_pagination": 0,
    "_refuse": 0,
    "failure": 1,
    "self._error": 0,
    "self.error": 0,
}
"""What makes an error or a warning, and the position of the message among its arguments."""
KEYWORDS: Final = frozenset({"found", "problem"})
LOGGED: Final = frozenset({"error", "exception", "warning"})
RETURNING: Final = frozenset(
    {
        "_default_message",
        "_describe",
        "_problem_of_response",
        "_refusal",
        "_write",
        "describe_cause",
        "self_contained_words",
        "warnings",
        "why_over",
    }
)
"""Functions whose result becomes a message."""
YIELDING: Final = frozenset({"_unknown", "_unused"})
"""Functions that yield messages."""
CONSTANTS: Final = frozenset({"_BY_REASON", "_DEFAULT_MESSAGES", "_MALFORMED"})
"""Constants with messages."""
FILLED_IN: Final = "…"
Expressions = Iterable[ast.expr]


def messages() -> set[str]:
    """Return every message of the exporter; not those of the simulator, which are the API's."""
    files = (file for file in ROOT.rglob("*.py") if "simulator" not in file.parts)
    return {message for file in files for message in messages_of(file.read_text(encoding="utf-8"))}


def messages_of(source: str) -> set[str]:
    """Return the messages of a module: texts of several words."""
    found = {re.sub(f"{FILLED_IN}+", FILLED_IN, text) for text in _Messages(ast.parse(source)).found}
    return {text for text in found if " " in text.strip(f"{FILLED_IN} ,:;()")}


class _Messages(ast.NodeVisitor):
    """Collects the messages of a module."""

    def __init__(self, tree: ast.AST) -> None:
        self.found: set[str] = set()
        self._functions: list[ast.FunctionDef] = []
        self.visit(tree)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Collect the text of an exception."""
        for inner in node.body:
            if isinstance(inner, ast.FunctionDef) and inner.name == "__str__" and node.name.endswith("Error"):
                self._add(
                    value.value for value in ast.walk(inner) if isinstance(value, ast.Return) and value.value
                )
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Collect what a function returns or yields; remember it while its body is visited."""
        for inner in ast.walk(node):
            is_message = isinstance(inner, ast.Return) and node.name in RETURNING
            if is_message or (isinstance(inner, ast.Yield) and node.name in YIELDING):
                self._add(filter(None, [inner.value]))  # type: ignore[attr-defined] # both have a value
        self._functions.append(node)
        self.generic_visit(node)
        self._functions.pop()

    def visit_Call(self, node: ast.Call) -> None:
        """Collect the message that a call is given, also if it has been assigned to a name before."""
        for argument in _arguments(node):
            self._add([argument, *self._assigned(argument)])
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Collect the texts of a constant."""
        if isinstance(node.target, ast.Name) and node.target.id in CONSTANTS and node.value:
            self._add([node.value])
        self.generic_visit(node)

    def _add(self, expressions: Expressions) -> None:
        self.found.update(text.strip() for expression in expressions for text in self._texts(expression))

    def _texts(self, expression: ast.AST) -> Iterator[str]:
        """Yield the texts that an expression can become."""
        match expression:
            case ast.Constant(value=str(text)):
                yield text
            case ast.JoinedStr(values=parts):
                yield from map("".join, product(*(self._filled_in(part) for part in parts)))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                yield from map("".join, product(self._filled_in(left), self._filled_in(right)))
            case ast.IfExp(body=body, orelse=orelse):
                yield from (*self._texts(body), *self._texts(orelse))
            case ast.GeneratorExp(elt=part):
                yield from self._texts(part)
            case ast.Dict(values=parts) | ast.Tuple(elts=parts) | ast.Call(args=parts):
                for part in parts:
                    yield from self._texts(part)

    def _filled_in(self, part: ast.expr) -> list[str]:
        """Return the texts of a part of a message; `…` unless it is a text, or a name for one."""
        match part:
            case ast.FormattedValue(value=ast.Name() as name):
                values = [text for value in self._assigned(name) for text in self._texts(value)]
                return values if all(" " in text for text in values) and values else [FILLED_IN]
            case ast.Constant() | ast.JoinedStr() | ast.BinOp():
                return list(self._texts(part)) or [FILLED_IN]
        return [FILLED_IN]

    def _assigned(self, argument: ast.expr) -> Iterator[ast.expr]:
        """Yield what the innermost function assigns to a name."""
        if isinstance(argument, ast.Name) and self._functions:
            for node in ast.walk(self._functions[-1]):
                if isinstance(node, ast.Assign):
                    yield from _values(node.targets[0], node.value, argument.id)


def _values(target: ast.expr, value: ast.expr, name: str) -> Iterator[ast.expr]:
    match target, value:
        case ast.Name(id=assigned), _ if assigned == name:
            yield value
        case ast.Tuple(elts=targets), ast.Tuple(elts=values):
            for one, its_value in zip(targets, values, strict=True):
                yield from _values(one, its_value, name)


def _arguments(call: ast.Call) -> Iterator[ast.expr]:
    """Yield the arguments of a call that are messages."""
    name = ast.unparse(call.func)
    last = name if name.startswith("self.") else name.rpartition(".")[2]
    if last in POSITIONS:
        yield from call.args[POSITIONS[last] :][:1]
        yield from (word.value for word in call.keywords if word.arg in KEYWORDS)
    elif name == "Finding" and ast.unparse(call.args[0]) != "Severity.OK":
        yield call.args[1]
    elif name == "print" and any(ast.unparse(word.value) == "sys.stderr" for word in call.keywords):
        yield from call.args
    elif _logs(call.func):
        yield from call.args[:1]
    elif name == "partial" and _logs(call.args[0]):
        yield from call.args[1:2]


def _logs(function: ast.expr) -> bool:
    match function:
        case ast.Attribute(value=logger, attr=level) if level in LOGGED:
            return "log" in ast.unparse(logger)
    return False
