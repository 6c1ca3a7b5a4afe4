"""How a function becomes a tool: ``@tool`` reads its signature and its docstring.

    @tool(risk="low", effect="pure")
    def vat(net: float, rate: float = 0.19) -> float:
        \"\"\"Add the tax to a price.

Args:
            net: Price without tax, in euros.
            rate: The rate, as a fraction.
        \"\"\"
        return net * (1 + rate)

A parameter annotated ``Context`` is filled in by the house and hidden from the model. This module knows no registry:
who collects tools is the business of ``session``.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, get_args, get_type_hints, overload

from aether_nb.about import VERSION
from aether_nb.errors import OptionError, RepairableToolError
from aether_nb.events.kinds import Effect, Risk
from aether_nb.events.messages import Text, ToolSpec
from aether_nb.live.values import value_text
from aether_nb.tools.base import Assessment, Care, Context, OnDoubt, Result, Verify, Where

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["LONGEST", "FunctionTool", "bounded", "declare", "tool"]

LONGEST = 100_000
"""Characters of a result that a model is told: all of it is sent again with each request that follows."""

Judge: TypeAlias = Callable[[Mapping[str, Any], Context], Assessment]
"""Says what an exact call could do. Never acts."""

Title: TypeAlias = Callable[[Mapping[str, Any]], str]
"""Says in a few words what an exact call does."""


@dataclass(frozen=True)
class FunctionTool:
    """A function and what has to be known to offer it to a model. Calling it calls the function.

    What a model is told is worked out when it is first asked for, so that a module of tools is imported for nothing.
    ``declared``: somebody said how risky it is; else it counts as high, because nobody knows.
    """

    function: Callable[..., Any]
    name: str
    where: Where
    risk: Risk
    effect: Effect
    judge: Judge | None = None
    title: Title | None = None
    together: bool = True
    declared: bool = True
    careful: Care = field(default_factory=Care)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function itself, as if it had not been decorated."""
        return self.function(*args, **kwargs)

    @property
    def spec(self) -> ToolSpec:
        """What a model is told: name, description, and the schema of its arguments."""
        return self._read.spec

    @property
    def reads(self) -> bool:
        """Whether it only ever reads, whatever its arguments."""
        return self.judge is None and self.effect == "pure" and self.risk == "low"

    @cached_property
    def care(self) -> Care:
        """What is done when a call takes too long, fails, or is in doubt."""
        return self.careful if self.careful.version else replace(self.careful, version=code_hash(self.function))

    def assess(self, arguments: Mapping[str, Any], context: Context) -> Assessment:
        """What this exact call could do: what its judge says, else what was declared."""
        if self.judge is not None:
            return self.judge(arguments, context)
        said = f"the tool is declared {self.risk} risk, {self.effect}"
        said = said if self.declared else "nobody has declared how risky the tool is"
        reasons = () if self.risk == "low" else (said,)
        return Assessment(self.risk, self.effect, reasons, effect_text=self._read.title)

    def purpose(self, arguments: Mapping[str, Any]) -> str:
        """What the call is for: what the model said, else the tool's title, else its docstring's first line."""
        said = str(arguments.get("purpose") or "") or (self.title(arguments) if self.title else "")
        return said or self._read.title

    def check(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """The arguments as declared, with defaults filled in, as plain JSON values."""
        from pydantic import ValidationError

        try:
            checked = self._read.model.model_validate(dict(arguments))
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(str(part) for part in e['loc']) or 'arguments'}: {e['msg']}" for e in error.errors()
            )
            known = ", ".join(sorted(self.spec.parameters["properties"]))
            hint = f"It takes: {known or 'no arguments'}."
            raise RepairableToolError(f"{self.name} cannot be called like this.", problems, hint) from error
        plain = checked.model_dump(mode="json")  # what was left out and means nothing is not shown to anybody
        return {name: value for name, value in plain.items() if value is not None or name in self._read.shown}

    async def run(self, arguments: Mapping[str, Any], context: Context) -> Result:
        """Call the function where it belongs, and make a result of what it returns."""
        values = dict(vars(self._read.model.model_validate(dict(arguments))))  # the types as declared, not their JSON
        if self._read.context_name:
            values[self._read.context_name] = context

        def call() -> Any:
            return self.function(**values)

        if self.where == "main":
            value = await context.main(call)
        elif self.where == "thread":
            value = await asyncio.to_thread(call)
        else:
            value = call()
        if inspect.isawaitable(value):
            value = await value
        if not isinstance(value, Result):
            value = Result.of(value if isinstance(value, str) else value_text(value))
        return _bounded(value)

    @cached_property
    def _read(self) -> _Read:
        return _read(self.function, self.name)


def code_hash(function: Callable[..., Any]) -> str:
    """A hash of a function's source; where there is none, of its compiled code. Ours go by our own version."""
    if (getattr(function, "__module__", None) or "").startswith("aether_nb."):
        return VERSION
    try:
        text = inspect.getsource(function)
    except (OSError, TypeError):
        code = getattr(function, "__code__", None)
        text = f"{getattr(code, 'co_code', b'')!r}{getattr(code, 'co_names', ())}"
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]


def bounded(text: str, longest: int = LONGEST) -> str:
    """A text of that many characters at most, or its beginning and its end, with a word on what is left out between.

    Args:
        text: Any text.
        longest: How many characters of it are kept.
    """
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}\n… {len(text) - 2 * half:,} characters left out …\n{text[-half:]}"


def _bounded(result: Result) -> Result:
    if all(isinstance(part, Text) and len(part.text) <= LONGEST for part in result.parts):
        return result
    parts = tuple(replace(part, text=bounded(part.text)) if isinstance(part, Text) else part for part in result.parts)
    return result if parts == result.parts else replace(result, parts=parts)


@dataclass(frozen=True)
class _Read:
    """What a signature and a docstring say."""

    spec: ToolSpec
    model: type[BaseModel]
    context_name: str
    title: str
    shown: frozenset[str]
    """The parameters of which also None says something."""


@overload
def tool(function: Callable[..., Any]) -> FunctionTool: ...


@overload
def tool(
    *,
    name: str = "",
    risk: Risk | None = None,
    effect: Effect = "external",
    where: Where | None = None,
    judge: Judge | None = None,
    timeout: float | None = None,
    retries: int = 0,
    backoff: float = 1.0,
    on_doubt: OnDoubt = "ask",
    verify: Verify | None = None,
) -> Callable[[Callable[..., Any]], FunctionTool]: ...


def tool(
    function: Callable[..., Any] | None = None,
    *,
    name: str = "",
    risk: Risk | None = None,
    effect: Effect = "external",
    where: Where | None = None,
    judge: Judge | None = None,
    timeout: float | None = None,
    retries: int = 0,
    backoff: float = 1.0,
    on_doubt: OnDoubt = "ask",
    verify: Verify | None = None,
) -> FunctionTool | Callable[[Callable[..., Any]], FunctionTool]:
    """Make a tool of a function.

    Args:
        function: The function, when the decorator is used without arguments.
        name: What the model calls it; the function's name when left out.
        risk: How much a call could hurt. Unsaid, it is high, and every call is asked about.
        effect: What a call leaves behind. Unsaid, it is external.
        where: Where it runs; ``main`` for a plain function, ``loop`` for an async one when left out.
        judge: Says of each exact call what it could do, instead of ``risk`` and ``effect``.
        timeout: Seconds after which a call is given up.
        retries: How often a call is tried again when it fails or takes too long.
        backoff: Seconds before it is first tried again; twice as long each time after.
        on_doubt: What is done when nobody knows whether a call acted: see ``Care``.
        verify: Tells whether a call acted, from its arguments and a context.

    Raises:
        OptionError: A word is unknown, an external call would be repeated, or a parameter cannot be
            described to a model.
    """
    words = (
        ("high" if risk is None else risk, get_args(Risk)),
        (effect, get_args(Effect)),
        (where or "main", get_args(Where)),
        (on_doubt, get_args(OnDoubt)),
    )
    for given, known in words:
        if given not in known:
            raise OptionError(f"@tool does not know {given!r}.", hint=f"Use one of: {', '.join(known)}.")
    if retries and effect == "external":
        why = "An external call is never repeated by itself: nobody knows how much of it was done."
        raise OptionError("@tool has retries= for an external effect.", why, 'Make it idempotent: effect="idempotent"')
    if (on_doubt == "verify") != (verify is not None):
        raise OptionError('@tool needs on_doubt="verify" and verify= together.', hint="Give both, or none.")
    care = Care(timeout, retries, backoff, on_doubt, verify)

    def decorate(function: Callable[..., Any]) -> FunctionTool:
        made = declare(name=name, risk=risk, effect=effect, where=where, judge=judge, care=care)(function)
        made.spec  # noqa: B018  # what is wrong with it is said now, not in the next run
        return made

    return decorate if function is None else decorate(function)


def declare(
    *,
    name: str = "",
    risk: Risk | None = None,
    effect: Effect = "external",
    where: Where | None = None,
    judge: Judge | None = None,
    title: Title | None = None,
    together: bool = True,
    care: Care | None = None,
) -> Callable[[Callable[..., Any]], FunctionTool]:
    """The same as ``tool``, for modules: nothing is read before the tool is used.

    ``title`` says in a few words what an exact call does. ``together`` is no for a tool that only reads but must not
    run beside others.
    """

    def decorate(function: Callable[..., Any]) -> FunctionTool:
        place: Where = where or ("loop" if inspect.iscoroutinefunction(function) else "main")
        said = name or function.__name__
        known = risk is not None
        return FunctionTool(
            function, said, place, risk or "high", effect, judge, title, together, known, care or Care()
        )

    return decorate


def _read(function: Callable[..., Any], name: str) -> _Read:
    from docstring_parser import parse
    from pydantic import ConfigDict, Field, create_model
    from pydantic.errors import PydanticUserError

    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise OptionError(f"The tool {name} has an annotation that means nothing here.", f"{error}.") from error
    doc = parse(inspect.getdoc(function) or "")
    said = {param.arg_name: " ".join((param.description or "").split()) for param in doc.params}
    fields: dict[str, Any] = {}
    context_name = ""
    try:
        parameters = inspect.signature(function).parameters
    except ValueError as error:
        raise OptionError(f"The tool {name} cannot be described.", f"{error}.", "Wrap it in a function.") from error
    for parameter in parameters.values():
        if hints.get(parameter.name) is Context:
            context_name = parameter.name
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise OptionError(f"The tool {name} takes {parameter}, which no model can fill in.", hint="Name it.")
        if parameter.name.startswith("_"):
            raise OptionError(
                f"The tool {name} has a parameter {parameter.name!r}.", "Its name begins with _.", "Rename it."
            )
        default = ... if parameter.default is parameter.empty else parameter.default
        described = Field(default, description=said.get(parameter.name) or None)
        fields[parameter.name] = (hints.get(parameter.name, Any), described)
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            # A parameter may be called copy or schema: the model's own methods of that name are not used here.
            config = ConfigDict(extra="forbid", protected_namespaces=())
            model = create_model(f"{name}_arguments", __config__=config, **fields)
        schema = model.model_json_schema()
    except PydanticUserError as error:
        raise OptionError(f"The tool {name} has a parameter that JSON cannot carry.", str(error)) from error
    schema.pop("title", None)
    schema.setdefault("properties", {})
    for described in schema["properties"].values():
        described.pop("title", None)
    lines = [part for part in (doc.short_description, doc.long_description) if part]
    spec = ToolSpec(name, "\n".join(lines) or name, schema)
    shown = frozenset(name for name, field in model.model_fields.items() if field.default is not None)
    return _Read(spec, model, context_name, (doc.short_description or name).rstrip("."), shown)
