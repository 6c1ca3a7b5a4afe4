"""Settings: said in the call, else in the environment, else in a project's ``aether.toml``, else in one's own.

A project's ``aether.toml`` lies beside the notebook and comes perhaps from a stranger. It may make a run more careful,
never less: it cannot let more happen without being asked, spend more, send data or keys to another address, or open a
folder. A person's own ``aether.toml`` lies in their folder of settings, or where AETHER_CONFIG says, and may say
anything; below it is that of the system, and what that denies or wants to be asked about stands for everybody. Rooms
below the session are handed values, never settings. Read at ``%load_ext``, so it loads little.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from aether_nb.config import rules
from aether_nb.config.address import shown
from aether_nb.config.files import FILE, ROLES, own_file, same, system_file, values_of, write_line
from aether_nb.config.rules import Setting, checked, unknown
from aether_nb.errors import ConfigError
from aether_nb.events.ruling import Policy, parsed

__all__ = [
    "FILE",
    "ROLES",
    "Approve",
    "DataLevel",
    "Mode",
    "Setting",
    "Settings",
    "known",
    "load",
    "own_file",
    "read",
    "remember",
    "system_file",
    "tables",
]

Mode: TypeAlias = Literal["plan", "ask", "auto"]
"""plan: only what reads runs. ask: low risk runs, the rest is asked. auto: medium risk runs too."""

DataLevel: TypeAlias = Literal["schema", "stats", "sample", "all"]
"""What of the data may leave this machine: names and types; figures too; a few rows too; all."""

Approve: TypeAlias = Literal["deny", "low", "auto"]
"""What is answered when nobody is there: no; yes to what is of low risk; yes to what is of medium risk too."""


def _rule(
    variable: str, allowed: str, read: Callable[[Any], Any], refused: Callable[[Any, Any], str], example: Any = ""
) -> dict[str, Setting]:
    return {"setting": Setting(variable, allowed, read, refused, example)}


def _model(variable: str) -> dict[str, Setting]:
    return _rule(variable, "provider:model, or NAME@http://host/v1", rules.text, rules.no_address)


_RULES = "rules such as shell(command=rm *), as a list or between semicolons"
_RULED = ("shell(command=rm *)",)
_COUNT = "a whole number above 0, or none"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. ``told`` lists it for people, with these docstrings."""

    model: str = field(default="", metadata=_model("AETHER_MODEL"))
    """The model that serves. Empty: the one whose key is set, else a local server's, else the offline analyst."""

    utility_model: str = field(default="", metadata=_model("AETHER_UTILITY_MODEL"))
    """The model for small work beside the conversation. Empty, here and below: the one that serves."""

    vision_model: str = field(default="", metadata=_model("AETHER_VISION_MODEL"))
    """The model that looks at pictures."""

    embedding_model: str = field(default="", metadata=_model("AETHER_EMBEDDING_MODEL"))
    """The model that makes texts comparable."""

    embedder: str = field(
        default="auto",
        metadata=_rule(
            "AETHER_EMBEDDER",
            "auto, none, local, a folder with weights, or a registered name",
            rules.text,
            rules.no_place,
        ),
    )
    """Who makes documents comparable: embedding_model, else weights on this machine (auto); only those; nobody."""

    transcribe_model: str = field(default="", metadata=_model("AETHER_TRANSCRIBE_MODEL"))
    """The model that writes down what was spoken."""

    speak_model: str = field(default="", metadata=_model("AETHER_SPEAK_MODEL"))
    """The model that speaks."""

    local_only: bool = field(default=False, metadata=_rule("AETHER_LOCAL_ONLY", "on, off", rules.switch, rules.not_off))
    """Whether only models on the user's own machine or network are asked, in every role."""

    timeout: float = field(
        default=300.0, metadata=_rule("AETHER_TIMEOUT", "seconds above 0", rules.number(float), rules.not_above)
    )
    """The longest silence of a model, in seconds."""

    cache: bool = field(default=False, metadata=_rule("AETHER_CACHE", "on, off", rules.switch, rules.not_on))
    """Whether the same question to the same model is answered from what it answered before."""

    mode: Mode = field(
        default="ask",
        metadata=_rule(
            "AETHER_MODE", "plan, ask, auto", rules.one_of(get_args(Mode)), rules.not_beyond(get_args(Mode))
        ),
    )
    """What runs without being asked: only what reads (plan), low risk (ask), medium risk too (auto)."""

    approve: Approve = field(
        default="deny",
        metadata=_rule(
            "AETHER_APPROVE", "deny, low, auto", rules.one_of(get_args(Approve)), rules.not_beyond(get_args(Approve))
        ),
    )
    """What is answered when nobody is there: no, yes to what stays inside the kernel, or yes to medium risk too."""

    deny: tuple[str, ...] = field(
        default=(), metadata=_rule("AETHER_DENY", _RULES, rules.ruled, rules.anything, _RULED)
    )
    """Calls that are refused, whoever asks and whatever was allowed: shell(command=rm *), *(path=/etc/*)."""

    ask: tuple[str, ...] = field(default=(), metadata=_rule("AETHER_ASK", _RULES, rules.ruled, rules.anything, _RULED))
    """Calls that are asked about, even where the mode would let them run."""

    allow: tuple[str, ...] = field(
        default=(), metadata=_rule("AETHER_ALLOW", _RULES, rules.ruled, rules.not_allowed, _RULED)
    )
    """Calls that run without a question, in the modes ask and auto: write_file(path=out/*)."""

    data: DataLevel = field(
        default="all",
        metadata=_rule(
            "AETHER_DATA",
            "schema, stats, sample, all",
            rules.one_of(get_args(DataLevel)),
            rules.not_beyond(get_args(DataLevel), "it would let more of your data leave this machine"),
        ),
    )
    """What of the data may leave this machine: names and types, figures too, five rows too, or all."""

    hide: tuple[str, ...] = field(
        default=(),
        metadata=_rule(
            "AETHER_HIDE", "names of columns, with * and ?, between commas", rules.names, rules.anything, ("*phone*",)
        ),
    )
    """Columns of which no value may leave this machine, be kept, or be packed: email, users.ssn, *phone*."""

    store: str = field(
        default="",
        metadata=_rule(
            "AETHER_STORE",
            "a folder (~ is your own home), or postgresql://NAME@HOST/DATABASE",
            rules.place,
            rules.inside,
        ),
    )
    """Where runs are recorded: in a folder or on a server. Empty: ``.aether`` beside the notebook or in its folder."""

    trust_skills: tuple[str, ...] = field(
        default=(),
        metadata=_rule("AETHER_TRUST_SKILLS", "folders, between commas", rules.names, rules.not_allowed, (".",)),
    )
    """Folders whose skills speak for you, beside your own ones: ``.`` for those of the project you are in."""

    knowledge: str = field(
        default="",
        metadata=_rule(
            "AETHER_KNOWLEDGE",
            "a folder (~ is your own home), or s3://…, gs://…, az://…, db://…",
            rules.folder,
            rules.inside_only,
        ),
    )
    """Where knowledge is kept. Empty: ``knowledge`` in the folder of the record. Keys: the cloud's own variables."""

    panel: bool = field(default=True, metadata=_rule("AETHER_PANEL", "on, off", rules.switch, rules.anything))
    """Whether a run is shown by the live panel. Off: as lines of text, and asked about by ``input()``."""

    background: int = field(
        default=5,
        metadata=_rule("AETHER_BACKGROUND", "a whole number above 0", rules.number(int), rules.not_above),
    )
    """How many background runs of a kernel are at work at once; the others wait for their turn."""

    max_steps: int | None = field(
        default=40, metadata=_rule("AETHER_MAX_STEPS", _COUNT, rules.limit(int), rules.not_above)
    )
    """Questions to the model after which a run pauses and asks."""

    max_seconds: float | None = field(
        default=900.0,
        metadata=_rule("AETHER_MAX_SECONDS", "a number above 0, or none", rules.limit(float), rules.not_above),
    )
    """Seconds of work after which a run pauses and asks; waiting for a person does not count."""

    max_tokens: int | None = field(
        default=400_000, metadata=_rule("AETHER_MAX_TOKENS", _COUNT, rules.limit(int), rules.not_above)
    )
    """Tokens, read and written, after which a run pauses and asks."""

    max_cost: float | None = field(
        default=1.0,
        metadata=_rule("AETHER_MAX_COST", "US dollars above 0, or none", rules.limit(float), rules.not_above),
    )
    """Money after which a run pauses and asks."""

    allow_writes: str = field(
        default="", metadata=_rule("AETHER_ALLOW_WRITES", "a folder (~ is your own home)", rules.folder, rules.nothing)
    )
    """A folder in which files may be written without being asked: what ``--allow-writes`` sets for its kernel."""

    providers: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict,
        metadata=_rule("", "tables [providers.NAME] in your own aether.toml", rules.rows, rules.no_rows),
    )
    """Rows for the registry of providers: new ones, and fields that hold instead of the shipped ones."""

    mcp: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict,
        metadata=_rule("", "tables [mcp.NAME] with command, args and env, or a url", rules.rows, rules.anything),
    )
    """Servers of the Model Context Protocol. One in a project's file is started only when you have agreed to it."""

    mcp_timeout: float = field(
        default=30.0,
        metadata=_rule("AETHER_MCP_TIMEOUT", "seconds above 0", rules.number(float), rules.not_above),
    )
    """Seconds for connecting such a server, and for a call of it."""

    mcp_tools: int = field(
        default=40, metadata=_rule("AETHER_MCP_TOOLS", "a whole number above 0", rules.number(int), rules.anything)
    )
    """Tools of such servers and of packages that a model is told of; when there are more, it searches them."""

    hooks: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict,
        metadata=_rule("", "tables [hooks.NAME] with event and command", rules.rows, rules.anything),
    )
    """Commands that look at calls, replies and results: ``help hooks``. A project's are run when you have agreed."""

    def policy(self, folder: Path, profile: str = "") -> Policy:
        """The rules about calls, for this user.

        Args:
            folder: The folder to which paths without a beginning belong.
            profile: The profile by which a run works.
        """
        rules = parsed(self.deny), parsed(self.ask), parsed(self.allow)
        return Policy(*rules, user=_user(), profile=profile, folder=str(folder))


def _user() -> str:
    from getpass import getuser

    try:
        return getuser()
    except OSError:  # a container's user may have no name
        return ""


def load(cwd: Path, call: Mapping[str, Any] | None = None) -> Settings:
    """The settings that hold in a folder; see ``read``.

    Raises:
        ConfigError: A value is not allowed, or a name unknown; the message says where it stands.
    """
    return read(cwd, call)[0]


def read(cwd: Path, call: Mapping[str, Any] | None = None) -> tuple[Settings, dict[str, str]]:
    """The settings that hold in a folder, and who says so.

    Args:
        cwd: The folder of the notebook, or the working directory; its ``aether.toml`` is the project's.
        call: What was said on the spot, by field; None means not said.

    Returns:
        The settings, and by name where each of them was said last: ``call``, ``environment`` or the path of a file.
        What nobody said has its default, and is not there.

    Raises:
        ConfigError: A value is not allowed, or a name unknown; the message says where it stands.
    """
    every = known()
    own, project = own_file(), cwd / FILE
    values = values_of(system_file(), every)
    where = dict.fromkeys(values, str(system_file()))
    for name, value in values_of(own, every).items():
        values[name], where[name] = _more(values, name, value), str(own)
    held = {name: setting.default for name, setting in every.items()} | values
    for name, value in ({} if same(own, project) else values_of(project, every)).items():
        if why := every[name].refused(value, held[name]):
            raise ConfigError(
                f"{project} may not set '{name}' to {shown(value)!r}.",
                f"A project's file can make a run more careful, never less: {why}.",
                f"Take the line out. If you want it, say so yourself: {_said_by_you(every[name], name, value)}",
            )
        more = isinstance(value, tuple)  # a list of what is forbidden only grows
        values[name] = tuple(dict.fromkeys((*held[name], *value))) if more else value
        where[name] = str(project)
    for name, setting in every.items():
        if setting.variable and (text := os.environ.get(setting.variable, "").strip()):
            values[name] = _more(values, name, checked(setting, name, text, f"the variable {setting.variable}"))
            where[name] = "environment"
    for name, value in (call or {}).items():
        if name not in every:
            raise unknown(name, every, "The call")
        if value is not None:
            values[name], where[name] = _more(values, name, checked(every[name], name, value, "the call")), "call"
    return Settings(**values), where


def tables(cwd: Path, name: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The tables ``[mcp.NAME]`` or ``[hooks.NAME]`` of the user's and the system's files, and those of the project's.

    Args:
        cwd: As for ``load``.
        name: ``mcp`` or ``hooks``.

    Raises:
        ConfigError: A file cannot be read.
    """
    every, own, project = known(), own_file(), cwd / FILE
    theirs = {} if same(own, project) else values_of(project, every).get(name, {})
    return values_of(system_file(), every).get(name, {}) | values_of(own, every).get(name, {}), theirs


def _more(values: Mapping[str, Any], name: str, value: Any) -> Any:
    """What holds when one more source says so: what somebody forbids cannot be taken back by those after him."""
    return tuple(dict.fromkeys((*values.get(name, ()), *value))) if name in ("deny", "ask") else value


def remember(name: str, value: str | float | bool) -> Path:
    """Write a setting into the person's own file; the rest of it stays as it is.

    Args:
        name: The setting.
        value: Its value.

    Returns:
        The file.

    Raises:
        ConfigError: The value is not allowed, the file cannot be read or written, or it says the same otherwise.
    """
    every, file = known(), own_file()
    if name not in every:
        raise unknown(name, every, "The call")
    write_line(file, name, checked(every[name], name, value, "the call"), every)
    return file


@cache
def known() -> Mapping[str, Setting]:
    """What holds for each setting, by name, whatever its value."""
    plain = Settings()
    return {each.name: each.metadata["setting"]._replace(default=getattr(plain, each.name)) for each in fields(plain)}


def _said_by_you(setting: Setting, name: str, value: Any) -> str:
    return f"{setting.variable}={shown(value)}" if setting.variable else f"[{name}.…] in {own_file()}"
