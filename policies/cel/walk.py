"""The static cost of a rule: a walk over its checked expression that reckons with the largest input there can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from policies.cel import syntax
from policies.cel.costs import FUNCTIONS, PER_ENTRY, Call, Constant, NotAllowedError
from policies.cel.shapes import MOST_ROUNDS, SCALAR, Shape, listing, text, union
from policies.cel.syntax import Expr

MOST_STEPS: Final = 300_000
"""Some 30 ms."""
MOST_MADE: Final = 8 * 1024 * 1024
"""Bytes."""
MOST_DEPTH: Final = 120
_UNBOUNDED_ROUNDS: Final = 32
"""What a list without a `maxItems` counts for where nested loops are reckoned; the engine counts real rounds."""
_COPY_STEPS: Final = 2
"""Collecting in a loop copies what has been collected in every round; this is for each entry."""

Path = tuple[str, ...]
Scope = Mapping[str, Shape]


class ExcessError(Exception):
    """The expression could cost more than a rule may; `offset` is where in its text."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Loops:
    """The loops around a part: how often it runs, by what there is room for and by the maxima of the lists."""

    times: float = 1
    laps: float = 1
    depth: int = 0

    def deeper(self) -> Loops:
        return replace(self, depth=self.depth + 1)


@dataclass(slots=True)
class Walk:
    """Walks one expression. `reads` are the paths below the variables that it looks at, longest first met."""

    variables: Scope
    positions: Mapping[int, int]
    steps: float = 0
    made: float = 0
    rounds: float = 0
    reads: set[Path] = field(default_factory=set)

    def __call__(self, expr: Expr) -> Shape:
        """The shape of the result. Raises ExcessError where a budget is exceeded."""
        return self._visit(expr, {}, Loops())

    def _visit(self, expr: Expr, scope: Scope, loops: Loops) -> Shape:
        if loops.depth > MOST_DEPTH:
            raise ExcessError(f"nested more than {MOST_DEPTH} deep", self._offset(expr))
        self._charge(expr, loops.times, 0)
        loops = loops.deeper()
        match syntax.kind(expr):
            case "const_expr":
                return text(len(expr.const_expr.string_value) + len(expr.const_expr.bytes_value))
            case "ident_expr":
                return self._ident(expr.ident_expr.name, scope)
            case "select_expr":
                return self._select(expr, scope, loops)
            case "call_expr":
                return self._call(expr, scope, loops)
            case "list_expr":
                return self._list(expr, scope, loops)
            case "struct_expr":
                return self._map(expr, scope, loops)
            case "comprehension_expr":
                return self._loop(expr, scope, loops)
        raise ExcessError("there is no such expression in a rule", self._offset(expr))

    def _charge(self, expr: Expr, steps: float, made: float) -> None:
        self.steps += steps
        self.made += made
        if self.steps > MOST_STEPS:
            raise ExcessError(f"could take more than {MOST_STEPS:,} steps", self._offset(expr))
        if self.made > MOST_MADE:
            raise ExcessError(f"could make more than {MOST_MADE // 2**20} MiB of text and lists", self._offset(expr))

    def _offset(self, expr: Expr) -> int:
        return self.positions.get(expr.id, 0)

    def _ident(self, name: str, scope: Scope) -> Shape:
        if name in scope:
            return scope[name]
        if name in self.variables:
            self.reads.add((name,))
        return self.variables.get(name, SCALAR)

    def _select(self, expr: Expr, scope: Scope, loops: Loops) -> Shape:
        path = _path(expr, scope)
        if path is not None and path[0] in self.variables:
            self.reads.add(path)
            shape = self.variables[path[0]]
            for name in path[1:]:
                shape = shape.field(name)
        else:
            shape = self._visit(expr.select_expr.operand, scope, loops).field(expr.select_expr.field)
        return SCALAR if expr.select_expr.test_only else shape

    def _call(self, expr: Expr, scope: Scope, loops: Loops) -> Shape:
        call = expr.call_expr
        if call.function == "_?._":
            return self._select_if_there(expr, scope, loops)
        parts = [call.target, *call.args] if call.HasField("target") else list(call.args)
        if parts and _is_namespace(parts[0], call.function, scope):
            parts = parts[1:]
        shapes = [self._visit(part, scope, loops) for part in parts]
        pricing = FUNCTIONS.get(call.function)
        if pricing is None:
            raise ExcessError(f"{call.function} is not available in rules", self._offset(expr))
        try:
            cost = pricing(Call(shapes, [_constant(part) for part in parts]))
        except NotAllowedError as error:
            raise ExcessError(str(error), self._offset(expr)) from None
        self._charge(expr, cost.steps * loops.times, cost.made * loops.times)
        return cost.result

    def _select_if_there(self, expr: Expr, scope: Scope, loops: Loops) -> Shape:
        path = _path(expr, scope)
        operand, name = expr.call_expr.args
        if path is None or path[0] not in self.variables:
            return self._visit(operand, scope, loops).field(name.const_expr.string_value)
        self.reads.add(path)
        shape = self.variables[path[0]]
        for step in path[1:]:
            shape = shape.field(step)
        return shape

    def _list(self, expr: Expr, scope: Scope, loops: Loops) -> Shape:
        shapes = [self._visit(part, scope, loops) for part in expr.list_expr.elements]
        self._charge(expr, 0, PER_ENTRY * len(shapes) * loops.times)
        return listing(len(shapes), union(shapes))

    def _map(self, expr: Expr, scope: Scope, loops: Loops) -> Shape:
        if expr.struct_expr.message_name:
            raise ExcessError("a rule cannot make objects", self._offset(expr))
        entries = expr.struct_expr.entries
        keys = [self._visit(entry.map_key, scope, loops) for entry in entries]
        values = [self._visit(entry.value, scope, loops) for entry in entries]
        self._charge(expr, 0, 2 * PER_ENTRY * len(entries) * loops.times)
        return replace(listing(len(entries), union(values)), key=union(keys))

    def _loop(self, expr: Expr, scope: Scope, loops: Loops) -> Shape:
        loop = expr.comprehension_expr
        over = self._visit(loop.iter_range, scope, loops)
        begin = self._visit(loop.accu_init, scope, loops)
        around = self._around(expr, over, loops)
        inner = {**scope, **_bound(loop, over), loop.accu_var: begin}
        self._visit(loop.loop_condition, inner, around)
        grown = self._visit(loop.loop_step, inner, around) if over.size else begin
        collected = self._collected(expr, begin, grown, over, around)
        return self._visit(loop.result, {**scope, loop.accu_var: collected}, loops)

    def _around(self, expr: Expr, over: Shape, loops: Loops) -> Loops:
        """The loops around the body; all rounds together must stay below what the engine runs."""
        laps = loops.laps * (over.size if over.bounded else min(over.size, _UNBOUNDED_ROUNDS))
        self.rounds += laps
        if self.rounds > MOST_ROUNDS:
            words = f"loops could take {self.rounds:,.0f} rounds, at most {MOST_ROUNDS:,}"
            raise ExcessError(words, self._offset(expr))
        return Loops(min(loops.times * over.mean, MOST_ROUNDS), laps, loops.depth)

    def _collected(self, expr: Expr, begin: Shape, grown: Shape, over: Shape, around: Loops) -> Shape:
        """What a loop has put together at its end. A list is copied in every round, so collecting costs its square."""
        more = grown.size - begin.size
        if grown.entry is None or more <= 0:
            return union((begin, grown))
        size = begin.size + over.size * more
        copied = around.times * size / 2
        try:
            self._charge(expr, _COPY_STEPS * copied, PER_ENTRY * copied)
        except ExcessError as error:
            words = f"{error.message}: it collects up to {size:,.0f} entries one by one; all() and exists() do not"
            raise ExcessError(words, error.offset) from None
        return listing(size, grown.entry, begin.mean + over.mean * more)


def _bound(loop: Expr, over: Shape) -> Scope:
    """The shapes of a loop's own variables: keys of a map, entries of a list, or either where it is unknown."""
    entry = over.looped()
    if over.key is None:
        return {loop.iter_var: SCALAR, loop.iter_var2: entry} if loop.iter_var2 else {loop.iter_var: entry}
    key = replace(over.key, mean=min(over.key.mean, over.room / max(1.0, over.mean) or over.key.mean), once=True)
    if over.unknown:
        # It may be a list as well as a map.
        key = union((key, entry))
    return {loop.iter_var: key, loop.iter_var2: entry} if loop.iter_var2 else {loop.iter_var: key}


def _path(expr: Expr, scope: Scope) -> Path | None:
    """`object.spec.image` as its steps, where it is nothing but fields of a variable; None for anything else."""
    steps: list[str] = []
    while True:
        match syntax.kind(expr):
            case "select_expr":
                steps.append(expr.select_expr.field)
                expr = expr.select_expr.operand
            case "call_expr" if expr.call_expr.function == "_?._":
                operand, name = expr.call_expr.args
                steps.append(name.const_expr.string_value)
                expr = operand
            case "ident_expr" if expr.ident_expr.name not in scope:
                return (expr.ident_expr.name, *reversed(steps))
            case _:
                return None


def _is_namespace(part: Expr, function: str, scope: Scope) -> bool:
    """Whether a target is only the first half of a function's name, as in `math.greatest`."""
    return syntax.kind(part) == "ident_expr" and function.startswith(f"{part.ident_expr.name}.")


def _constant(part: Expr) -> Constant:
    if syntax.kind(part) != "const_expr":
        return None
    text_value: str = part.const_expr.string_value
    number: int = part.const_expr.int64_value
    return text_value or number
