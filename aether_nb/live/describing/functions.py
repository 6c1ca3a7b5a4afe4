"""How functions, classes and modules are told: signature, first line of the docstring, version; none is called.

It does not know the namespace. The source of a function is looked for only when it is asked for.
"""

from __future__ import annotations

import inspect
import linecache
from itertools import islice
from types import CodeType, FunctionType
from typing import Any

from aether_nb.live.describing.containers import short
from aether_nb.live.describing.looks import Description, Look
from aether_nb.live.describing.records import fields_of
from aether_nb.live.describing.safely import ancestors, class_name, holdings, members
from aether_nb.live.describing.words import one_line, type_name, value_text

__all__ = [
    "built_in",
    "docstring",
    "function",
    "klass",
    "method",
    "module",
    "module_words",
    "partial",
    "signature",
    "source",
    "tool",
]


def function(value: FunctionType, name: str, look: Look) -> Description:
    """A function: how it is called, and the first line of its docstring."""
    called = one_line(f"{value.__name__}{signature(unwrapped(value))}", 600 if look.patient else 160)
    return Description(f"{name}, {called}{_first_line(value.__doc__)}")


def unwrapped(value: FunctionType) -> FunctionType:
    """The function inside the wrappers that say what they wrap."""
    for _ in range(10):
        inner = value.__dict__.get("__wrapped__")
        if type(inner) is not FunctionType:
            break
        value = inner
    return value


def wrapped(value: Any, name: str, look: Look) -> Description:
    """A function that remembers its results."""
    inner = holdings(value).get("__wrapped__")
    return function(inner, f"{name} of a function", look) if type(inner) is FunctionType else Description(name)


def tool(value: Any, name: str, look: Look) -> Description:
    """A function under ``@tool`` or ``@skill``: like the function itself."""
    inner = holdings(value).get("function")
    return function(inner, name, look) if type(inner) is FunctionType else Description(name)


def signature(value: FunctionType) -> str:
    """The arguments of a function, with defaults as far as they may be shown."""
    code: CodeType = value.__code__
    defaults, only_defaults = value.__defaults__ or (), value.__kwdefaults__ or {}
    names = list(code.co_varnames[: code.co_argcount])
    plain = len(names) - len(defaults)
    texts = [n if i < plain else f"{n}={short(defaults[i - plain], 1)}" for i, n in enumerate(names)]
    if code.co_posonlyargcount:
        texts.insert(code.co_posonlyargcount, "/")
    after = code.co_argcount + code.co_kwonlyargcount
    only = list(code.co_varnames[code.co_argcount : after])
    if code.co_flags & inspect.CO_VARARGS:
        texts.append(f"*{code.co_varnames[after]}")
    elif only:
        texts.append("*")
    texts += [f"{n}={short(only_defaults[n], 1)}" if n in only_defaults else n for n in only]
    if code.co_flags & inspect.CO_VARKEYWORDS:
        texts.append(f"**{code.co_varnames[after + bool(code.co_flags & inspect.CO_VARARGS)]}")
    return f"({', '.join(texts)})"


def method(value: Any, name: str, look: Look) -> Description:
    """A function that is bound to an object."""
    bound = value.__func__
    if type(bound) is not FunctionType:
        return Description(name)
    told = function(bound, name, look)
    return Description(f"{told.head} of {type_name(type(value.__self__))}")


def built_in(value: Any, name: str, look: Look) -> Description:
    """A function that is written in C."""
    return Description(
        f"{name}, {one_line(value.__name__, 80)}{value.__text_signature__ or ''}{_first_line(value.__doc__)}"
    )


def partial(value: Any, name: str, look: Look) -> Description:
    """A call with some of its arguments."""
    inner = value.func
    called = one_line(inner.__name__, 80) if type(inner) is FunctionType else f"<{type_name(type(inner))}>"
    given = [short(item, 1) for item in value.args[:8]]
    given += [f"{key}={short(item, 1)}" for key, item in islice(value.keywords.items(), 8)]
    return Description(f"{name} of {called}({one_line(', '.join(given), 200)})")


def klass(value: type, name: str, look: Look) -> Description:
    """A class: its name, the first line of its docstring, its fields; on a patient look its methods as well."""
    told = f"class, {type_name(value)}{_first_line(members(value).get('__doc__'))}"
    if fields := fields_of(value):
        told += f", fields {one_line(', '.join(fields), 600 if look.patient else 100)}"
    if not look.patient:
        return Description(told)
    bases = [type_name(one) for one in ancestors(value)[1:-1]]
    methods = [
        one_line(f"{key}{signature(member)}", 120)
        for key, member in islice(members(value).items(), 400)
        if type(member) is FunctionType and (key == "__init__" or not key.startswith("_"))
    ]
    told += f", from {one_line(', '.join(bases), 200)}" if bases else ""
    return Description(told + (f", methods {one_line(', '.join(methods), 1_500)}" if methods else ""))


def module(value: Any, name: str, look: Look) -> Description:
    """A module: its name and version."""
    called, version = module_words(value)
    return Description(f"{name}, {called}{f', version {version}' if version else ''}")


def module_words(value: Any) -> tuple[str, str]:
    """The name of a module and its version, empty when it does not say one; a lazy module is not loaded by this."""
    stored = holdings(value)
    called, version = stored.get("__name__"), stored.get("__version__")
    return (
        one_line(called, 80) if type(called) is str else class_name(type(value)),
        one_line(version, 40) if type(version) is str else "",
    )


def _first_line(doc: object) -> str:
    text = doc.strip().split("\n", 1)[0] if type(doc) is str else ""
    return f", {value_text(one_line(text, 100), 100)}" if text else ""


# ---- on demand


def docstring(value: Any) -> str:
    """The whole docstring of a function or a class, cleaned; empty when there is none."""
    doc = members(value).get("__doc__") if issubclass(type(value), type) else value.__doc__
    return inspect.cleandoc(doc) if type(doc) is str else ""


def source(value: FunctionType) -> str:
    """The source of a function, as the cell or the file has it; empty when it is not at hand."""
    code = unwrapped(value).__code__
    lines = linecache.getlines(code.co_filename)[code.co_firstlineno - 1 :]
    try:
        return "".join(inspect.getblock(lines)).rstrip() if lines else ""
    except (SyntaxError, IndentationError):  # the file has changed since
        return ""
