"""What a piece of JSON that a model wrote as text asks for: which tool, with which arguments.

Models write calls in several shapes and make small mistakes. What has one meaning only is understood: line breaks
inside strings, a comma too many, a backslash that escapes nothing, closing brackets that are missing at the end. A
string that breaks off is never closed for the model: half a program must not run. Pure; this module knows no stream.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from aether_nb.events.messages import ToolCall
from aether_nb.models.formats.calls import is_too_deep

__all__ = ["Balance", "Schema", "is_meant", "loosely", "may_be_call", "wanted", "wanted_of"]

NAMES = ("name", "tool_name", "tool", "function")
ARGUMENTS = ("arguments", "parameters", "args", "input")
KEYS = {*NAMES, *ARGUMENTS, "tool_calls", "type", "id"}
"""The fields of a call, in the shapes that models were trained on."""

PARAMETER = re.compile(r"<parameter=\s*([^>\s]+)\s*>\n?(.*?)\n?(?:</parameter>|(?=<parameter=)|$)", re.DOTALL)

Schema: TypeAlias = Mapping[str, Any]

LONGEST_NAME = 200

SIGNS = re.compile(r'["\\{}\[\]`<]')
HEAD = re.compile(r'[\s\[]*\{\s*"([^"]*)"\s*:\s*')
HEAD_BEGUN = re.compile(r'[\s\[]*(?:\{\s*(?:"[^"]{0,40}(?:"\s*)?)?)?')
NAMED = re.compile(r'"([^"\\]*)"')
SLIPS = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', re.DOTALL)
ESCAPES = re.compile(r"\\(?:u[0-9a-fA-F]{4}|(.))", re.DOTALL)

MEANT = re.compile(r'"(?:name|tool_name|tool|function)"\s*:\s*"([^"\\]+)"')
GIVEN = re.compile(r'"(?:arguments|parameters|args|input)"\s*:')

DECODER = json.JSONDecoder(strict=False, parse_constant=lambda _: None)


@dataclass(slots=True)
class Balance:
    """How deep inside a JSON value a text has come; the text may be cut anywhere."""

    _open: list[str] = field(default_factory=list)
    _quoted: bool = False
    _escaped: bool = False

    def feed(self, piece: str) -> int:
        """Take a piece that begins at, or inside, an object or a list; where the value ends in it, or -1.

        It ends with its last bracket, or before a sign that stands in no JSON; then brackets are ``missing``.
        """
        place = 0
        if self._escaped and piece:
            place, self._escaped = 1, False
        while found := SIGNS.search(piece, place):
            sign, place = found[0], found.end()
            if sign == "\\":
                if self._quoted:
                    self._escaped = place == len(piece)
                    place += 1
            elif sign == '"':
                self._quoted = not self._quoted
            elif not self._quoted:
                if sign in "`<":  # stands in no JSON: the brackets that are missing before it are forgotten ones
                    return place - 1
                if sign in "{[":
                    self._open.append("}" if sign == "{" else "]")
                else:
                    self._open.pop()
                if not self._open:
                    return place
        return -1

    @property
    def missing(self) -> str | None:
        """The closing brackets that are missing; None when the text broke off inside a string."""
        return None if self._quoted else "".join(reversed(self._open))


def may_be_call(text: str, names: Collection[str]) -> bool | None:
    """Whether a text begins like a call of a known tool; None while too little of it is there to tell."""
    head = HEAD.match(text)
    if head is None:
        return None if HEAD_BEGUN.fullmatch(text) else False
    if head[1] not in KEYS:
        return False
    value = text[head.end() :]
    if head[1] not in NAMES or value.startswith("{"):
        return True
    if named := NAMED.match(value):
        return named[1] in names
    return None if value[:1] in ('"', "") and len(value) < LONGEST_NAME else False


def wanted(body: str, names: Collection[str]) -> list[ToolCall]:
    """The calls that a block asks for.

    Args:
        body: One JSON value, or several.
        names: The tools there are.

    Raises:
        ValueError: It cannot be read; says what is wrong with it.
    """
    calls = [call for value in _values(body) for call in _calls(value, names)]
    if not calls:
        raise ValueError("it holds no call")
    return calls


def wanted_of(name: str, body: str, tools: Mapping[str, Schema]) -> list[ToolCall]:
    """The call of a tool that was named outside.

    Args:
        name: The tool.
        body: The JSON object of its arguments, or a ``<parameter=NAME>`` tag for each, or nothing.
        tools: The tools there are, with the schemas of their arguments.

    Raises:
        ValueError: It cannot be read; says what is wrong with it.
    """
    if body.startswith("<"):
        properties = tools.get(name, {}).get("properties") or {}
        given = {key: _meant(text, properties.get(key)) for key, text in PARAMETER.findall(body)}
        return [_call(name, given, tools)]
    values = _values(body) if body.strip() else [{}]
    return [_call(name, values[0], tools)]


def _meant(text: str, schema: Any) -> Any:
    """An argument that is written without quotes: as it stands where a string is wanted, else as JSON if it is some."""
    if _takes_text(schema):
        return text
    try:
        (value,) = _values(text)
    except ValueError:
        return text  # the tool says what it wants instead
    return value


def _takes_text(schema: Any) -> bool:
    if not isinstance(schema, Mapping):
        return True
    kinds = schema.get("type", [])
    choices = schema.get("anyOf") or schema.get("oneOf") or []
    return "string" in ([kinds] if isinstance(kinds, str) else kinds) or any(map(_takes_text, choices))


def loosely(body: str, names: Collection[str]) -> list[ToolCall]:
    """The calls in JSON that nothing marks as one: empty unless all of it is calls of known tools and nothing else.

    Raises:
        ValueError: It was meant as a call, but it cannot be read; says what is wrong with it.
    """
    try:
        values = _values(body)
    except ValueError:
        if is_meant(body, names):
            raise
        return []
    return wanted(body, names) if all(_is_bare_call(value, names) for value in values) else []


def is_meant(body: str, names: Collection[str]) -> bool:
    """Whether JSON that is not whole names a known tool and begins its arguments."""
    named = MEANT.search(body)
    return named is not None and named[1] in names and GIVEN.search(body) is not None


def _values(body: str) -> list[Any]:
    """The JSON values of a text, one behind the other."""
    try:
        return _decoded(body)
    except ValueError as error:
        mended = SLIPS.sub(lambda found: ESCAPES.sub(_escape, found[1]) if found[1] else "", body)
        try:
            return _decoded(mended)
        except ValueError:
            raise error from None


def _decoded(body: str) -> list[Any]:
    values, place = [], _next(body, 0)
    while place < len(body):
        value, place = _decoded_at(body, place)
        values.append(value)
        place = _next(body, place)
    return values


def _next(body: str, place: int) -> int:
    """Where the next value begins."""
    while place < len(body) and body[place] in " \t\r\n,;":
        place += 1
    return place


def _decoded_at(body: str, place: int) -> tuple[Any, int]:
    try:
        value, end = DECODER.raw_decode(body, place)
    except json.JSONDecodeError as error:
        near = body[max(0, error.pos - 20) : error.pos + 20]
        raise ValueError(f"it is no valid JSON: {error.msg} near {near!r}") from error
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if is_too_deep(value, body):
        raise ValueError("it is nested too deeply")
    return value, end


def _escape(found: re.Match[str]) -> str:
    """An escape as JSON knows it. A backslash before any other sign is meant as one."""
    sign = found[1]
    if sign is None or sign in '"\\/bfnrtu':
        return found[0] if sign != "u" else "\\\\u"
    return sign if sign == "'" else f"\\\\{sign}"


def _calls(value: Any, names: Collection[str]) -> list[ToolCall]:
    if isinstance(value, list):
        return [call for entry in value for call in _calls(entry, names)]
    if not isinstance(value, Mapping):
        raise ValueError("it is no JSON object")
    if isinstance(several := value.get("tool_calls"), list):
        return _calls(several, names)
    if isinstance(inner := value.get("function"), Mapping):
        value = inner
    name = next((value[key] for key in NAMES if isinstance(value.get(key), str)), "")
    if not name:
        raise ValueError('it has no "name"')
    given = [key for key in ARGUMENTS if key in value]
    if not given and any(key not in KEYS for key in value):
        raise ValueError('it has no "arguments"')
    return [_call(name, value[given[0]] if given else {}, names)]


def _call(name: str, arguments: Any, names: Collection[str]) -> ToolCall:
    if name not in names:
        raise ValueError(f"there is no tool {name!r}; there are: {', '.join(names)}")
    if isinstance(arguments, str):
        values = _values(arguments)
        arguments = values[0] if len(values) == 1 else values or None
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, Mapping):
        raise ValueError('its "arguments" are no JSON object')
    return ToolCall(f"call_{uuid.uuid4().hex[:24]}", name, dict(arguments))


def _is_bare_call(value: Any, names: Collection[str]) -> bool:
    """Whether a value is a call, or a list of them, and nothing but that."""
    if isinstance(value, list):
        return bool(value) and all(_is_bare_call(entry, names) for entry in value)
    if not isinstance(value, Mapping) or not value.keys() <= KEYS:
        return False
    if isinstance(several := value.get("tool_calls"), list):
        return _is_bare_call(several, names)
    inner = value.get("function")
    value = inner if isinstance(inner, Mapping) else value
    return any(value.get(key) in names for key in NAMES if isinstance(value.get(key), str))
