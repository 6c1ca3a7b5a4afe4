"""Settings: who wins, what is refused, and what a project's file may not do."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import asdict, fields
from typing import get_args

import pytest

from aether_nb import config
from aether_nb.config import FILE, Settings, load
from aether_nb.config.told import rows as told
from aether_nb.errors import ConfigError
from aether_nb.events import kinds

DEFAULTS = {
    "model": "",
    "utility_model": "",
    "vision_model": "",
    "embedding_model": "",
    "embedder": "auto",
    "transcribe_model": "",
    "speak_model": "",
    "local_only": False,
    "timeout": 300.0,
    "cache": False,
    "mode": "ask",
    "approve": "deny",
    "deny": (),
    "ask": (),
    "allow": (),
    "data": "all",
    "hide": (),
    "store": "",
    "trust_skills": (),
    "knowledge": "",
    "panel": True,
    "background": 5,
    "max_steps": 40,
    "max_seconds": 900.0,
    "max_tokens": 400_000,
    "max_cost": 1.0,
    "allow_writes": "",
    "providers": {},
    "mcp": {},
    "mcp_timeout": 30.0,
    "mcp_tools": 40,
    "hooks": {},
}


def test_defaults_hold_where_nothing_is_said(tmp_path):
    """Without a call, a variable or a file every setting has its default, and nothing is written."""
    assert asdict(load(tmp_path)) == DEFAULTS
    assert list(tmp_path.iterdir()) == []


def test_the_words_are_those_of_the_events():
    """Modes and limits mean here what they mean in a run's first event."""
    assert get_args(config.Mode) == get_args(kinds.Mode)
    limits = Settings()
    assert kinds.Limits() == kinds.Limits(limits.max_steps, limits.max_seconds, limits.max_tokens, limits.max_cost)


def test_the_call_wins_over_the_environment_over_the_file(project, monkeypatch):
    """Each source is asked in turn; None in a call and an empty variable say nothing."""
    folder = project('model = "openai:file"\nmax_steps = 10\nmax_tokens = 1000\nmode = "plan"')
    monkeypatch.setenv("AETHER_MODEL", "openai:variable")
    monkeypatch.setenv("AETHER_MAX_STEPS", "20")
    monkeypatch.setenv("AETHER_MODE", " ")
    expected = DEFAULTS | {"model": "openai:call", "max_steps": 20, "max_tokens": 1000, "mode": "plan"}
    assert asdict(load(folder, {"model": "openai:call", "max_steps": None})) == expected


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("AETHER_MODEL", "analyst", "model", "analyst"),
        ("AETHER_UTILITY_MODEL", "ollama:a", "utility_model", "ollama:a"),
        ("AETHER_VISION_MODEL", "openai:b", "vision_model", "openai:b"),
        ("AETHER_EMBEDDING_MODEL", "c@http://h/v1", "embedding_model", "c@http://h/v1"),
        ("AETHER_EMBEDDER", "none", "embedder", "none"),
        ("AETHER_TRANSCRIBE_MODEL", "d", "transcribe_model", "d"),
        ("AETHER_SPEAK_MODEL", "e", "speak_model", "e"),
        ("AETHER_LOCAL_ONLY", "1", "local_only", True),
        ("AETHER_TIMEOUT", "12.5", "timeout", 12.5),
        ("AETHER_CACHE", "On", "cache", True),
        ("AETHER_MODE", "AUTO", "mode", "auto"),
        ("AETHER_APPROVE", "low", "approve", "low"),
        ("AETHER_DENY", "shell(command=a, b); git", "deny", ("shell(command=a, b)", "git")),
        ("AETHER_ASK", "query", "ask", ("query",)),
        ("AETHER_ALLOW", "write_file(path=out/*)", "allow", ("write_file(path=out/*)",)),
        ("AETHER_DATA", "Schema", "data", "schema"),
        ("AETHER_HIDE", "email, users.ssn,email", "hide", ("email", "users.ssn")),
        ("AETHER_STORE", "~/records", "store", "~/records"),
        ("AETHER_KNOWLEDGE", "s3://mine/notes", "knowledge", "s3://mine/notes"),
        ("AETHER_MAX_STEPS", "7", "max_steps", 7),
        ("AETHER_BACKGROUND", "2", "background", 2),
        ("AETHER_MAX_SECONDS", "0.5", "max_seconds", 0.5),
        ("AETHER_MAX_TOKENS", "none", "max_tokens", None),
        ("AETHER_MAX_COST", "12.50", "max_cost", 12.5),
        ("AETHER_ALLOW_WRITES", "/tmp/demo", "allow_writes", "/tmp/demo"),
        ("AETHER_MCP_TIMEOUT", "5", "mcp_timeout", 5.0),
        ("AETHER_MCP_TOOLS", "12", "mcp_tools", 12),
    ],
)
def test_every_setting_has_a_variable(tmp_path, monkeypatch, variable, text, name, value):
    """A person may set anything by the environment, more trust included."""
    monkeypatch.setenv(variable, text)
    assert asdict(load(tmp_path)) == DEFAULTS | {name: value}


@pytest.mark.parametrize(
    ("variable", "text", "allowed"),
    [
        ("AETHER_MODE", "yolo", "plan, ask, auto"),
        ("AETHER_APPROVE", "yes", "deny, low, auto"),
        ("AETHER_DATA", "some", "schema, stats, sample, all"),
        ("AETHER_DENY", "rm -rf /", "rules such as shell(command=rm *), as a list or between semicolons"),
        ("AETHER_LOCAL_ONLY", "maybe", "on, off"),
        ("AETHER_CACHE", "2", "on, off"),
        ("AETHER_TIMEOUT", "none", "seconds above 0"),
        ("AETHER_MAX_STEPS", "many", "a whole number above 0, or none"),
        ("AETHER_MAX_STEPS", "2.5", "a whole number above 0, or none"),
        ("AETHER_MAX_STEPS", "0", "a whole number above 0, or none"),
        ("AETHER_MAX_SECONDS", "-1", "a number above 0, or none"),
        ("AETHER_MAX_SECONDS", "nan", "a number above 0, or none"),
        ("AETHER_MAX_COST", "inf", "US dollars above 0, or none"),
    ],
)
def test_an_invalid_variable_is_named(tmp_path, monkeypatch, variable, text, allowed):
    """The error says which setting, where the value stands and what is allowed; nothing falls back by itself."""
    monkeypatch.setenv(variable, text)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    name = variable.removeprefix("AETHER_").lower()
    assert caught.value.what == f"The setting '{name}' cannot be '{text}'."
    assert caught.value.why == f"It comes from the variable {variable}. Allowed: {allowed}."
    example = "'shell(command=rm *)'" if name == "deny" else DEFAULTS[name]
    assert caught.value.hint == f"For example: {variable}={example}"


@pytest.mark.parametrize(
    "line", ["max_steps = true", 'max_steps = "x"', "max_steps = [1]", "model = 3", "hide = 1", "hide = [1]"]
)
def test_a_value_of_the_wrong_type_in_the_file_is_named(project, line):
    """TOML has types; a value of another type is not bent into shape."""
    folder = project(line)
    with pytest.raises(ConfigError) as caught:
        load(folder)
    assert caught.value.why.startswith(f"It comes from {folder / FILE}. Allowed: ")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('mode = "auto"', "it would let more happen without asking you"),
        ('approve = "low"', "it would let more happen without asking you"),
        ('approve = "auto"', "it would let more happen without asking you"),
        ('allow_writes = "."', "it opens a folder for writing, which only a person does, by the flag --allow-writes"),
        ("max_cost = 50", "it may lower this limit, not lift it above 1"),
        ('max_cost = "none"', "it may lower this limit, not lift it above 1"),
        ("max_steps = 41", "it may lower this limit, not lift it above 40"),
        ('model = "x@http://evil.example/v1"', "it would send your data to an address that you did not choose"),
        ('store = "/etc"', "it would write outside the project's folder"),
        ('store = "../up"', "it would write outside the project's folder"),
        ('knowledge = "../up"', "it would write outside the project's folder"),
        ('knowledge = "s3://theirs/x"', "it would keep what you add at an address that you did not choose"),
        ('vision_model = "x@http://evil.example/v1"', "it would send your data to an address that you did not choose"),
        ("timeout = 301", "it may lower this limit, not lift it above 300"),
        ("cache = true", "it would keep answers on this machine without asking you"),
        ('store = "~/.ssh"', "it would write outside the project's folder"),
    ],
)
def test_a_projects_file_cannot_raise_trust(project, line, why):
    """What came with a folder may make a run more careful, never less; it is refused, not ignored."""
    folder = project(line)
    with pytest.raises(ConfigError) as caught:
        load(folder)
    assert caught.value.what.startswith(f"{folder / FILE} may not set '{line.split()[0]}' to ")
    assert caught.value.why == f"A project's file can make a run more careful, never less: {why}."


def test_raising_trust_is_refused_even_when_something_else_wins(project, monkeypatch):
    """A file that tries is named, also where the environment would have overruled it."""
    monkeypatch.setenv("AETHER_MODE", "plan")
    with pytest.raises(ConfigError):
        load(project('mode = "auto"'))


def test_a_projects_file_may_be_more_careful(project):
    """Lower limits, a plan first, another model and a store of its own are fine."""
    folder = project('mode = "plan"\napprove = "deny"\nmax_cost = 0.1\nmax_steps = 5\nmodel = "analyst"\nstore = "log"')
    expected = {"mode": "plan", "max_cost": 0.1, "max_steps": 5, "model": "analyst", "store": "log"}
    assert asdict(load(folder)) == DEFAULTS | expected


def test_a_projects_file_may_hide_more_and_show_less(project, tmp_path, monkeypatch):
    """It adds columns to those that a person hides and takes none away; of the data it may only let less leave."""
    own = tmp_path / "own.toml"
    own.write_text('hide = ["email"]\ndata = "sample"', encoding="utf-8")
    monkeypatch.setenv("AETHER_CONFIG", str(own))
    folder = project('hide = ["ssn", "email"]\ndata = "stats"')
    assert (load(folder).hide, load(folder).data) == (("email", "ssn"), "stats")
    with pytest.raises(ConfigError) as caught:
        load(project('data = "all"'))
    assert caught.value.why.endswith("it would let more of your data leave this machine.")


@pytest.mark.parametrize(
    ("key", "hint"), [("max_stpes", "Did you mean 'max_steps'?"), ("colour", f"There are {', '.join(DEFAULTS)}.")]
)
def test_an_unknown_name_suggests_the_nearest(project, tmp_path, key, hint):
    """A slip of the finger in the file or the call is no setting, and is not passed over."""
    with pytest.raises(ConfigError) as of_file:
        load(project(f"{key} = 1"))
    (tmp_path / FILE).unlink()
    with pytest.raises(ConfigError) as of_call:
        load(tmp_path, {key: 1})
    assert of_file.value.hint == of_call.value.hint == hint
    assert (of_file.value.why, of_call.value.why) == (f"{tmp_path / FILE} names it.", "The call names it.")


@pytest.mark.parametrize("content", [b"mode = ", b"\xff\xfe", b"[mode]\nx = 1\n[mode]"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    """A broken file stops the load: a careful setting in it must not be lost."""
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert caught.value.what == f"{tmp_path / FILE} is not TOML."


def test_a_folder_in_the_files_place_is_named(tmp_path):
    """What exists and cannot be read is an error, not an absence."""
    (tmp_path / FILE).mkdir()
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert caught.value.what == f"{tmp_path / FILE} is no file."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
@pytest.mark.parametrize(
    "make", [os.mkfifo if hasattr(os, "mkfifo") else None, lambda path: path.symlink_to("/dev/zero")]
)
def test_a_project_cannot_make_its_reader_wait(tmp_path, make):
    """A pipe or a device under the file's name is refused at once instead of being read for ever."""
    make(tmp_path / FILE)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert caught.value.what == f"{tmp_path / FILE} is no file."


def test_odd_bytes_around_settings(project):
    """A byte order mark is no part of the text; too much of it, and nesting beyond reason, are refused in words."""
    assert load(project("\ufeffmax_steps = 3")).max_steps == 3
    for text, why in (
        ("a = " + "[" * 5_000, "It is nested too deeply."),
        ("#" * 70_000, "Settings have at most 65536 bytes."),
    ):
        with pytest.raises(ConfigError) as caught:
            load(project(text))
        assert caught.value.why == why


def test_only_the_file_beside_the_notebook_is_read(project):
    """A file further up belongs to another project."""
    below = project("max_steps = 3") / "below"
    below.mkdir()
    assert load(below).max_steps == 40


def test_servers_of_the_user_and_of_the_project_are_kept_apart(project, tmp_path, monkeypatch):
    """Whoever starts them has to know whose word it is."""
    folder = project('[mcp.theirs]\ncommand = "a"')
    (tmp_path / "own.toml").write_text('[mcp.mine]\nurl = "https://x.example/mcp"')
    monkeypatch.setenv("AETHER_CONFIG", str(tmp_path / "own.toml"))
    assert config.tables(folder, "mcp") == ({"mine": {"url": "https://x.example/mcp"}}, {"theirs": {"command": "a"}})


def test_one_table_documents_every_setting():
    """Name, variable, default, allowed values and meaning, each of them said."""
    rows = told(Settings(), {})
    assert [row.name for row in rows] == [each.name for each in fields(Settings)] == list(DEFAULTS)
    tables = ("providers", "mcp", "hooks")
    assert [row.variable for row in rows] == ["" if name in tables else f"AETHER_{name.upper()}" for name in DEFAULTS]
    assert [row.default for row in rows] == [row.value for row in rows]
    assert all(row.allowed and row.meaning.endswith(".") and row.source == "default" for row in rows)


def test_settings_need_no_heavy_module():
    """They are read at %load_ext: no event classes, no TOML reader without a file, only where files may be."""
    folders = "platformdirs platformdirs._xdg platformdirs.api platformdirs.unix platformdirs.version"
    code = (
        "import sys, pathlib\n"
        "before = set(sys.modules)\n"
        "from aether_nb.config import load\n"
        "load(pathlib.Path('/'))\n"
        "new = {name for name in set(sys.modules) - before}\n"
        "print(*sorted(name for name in new if name.partition('.')[0] not in sys.stdlib_module_names))\n"
        "print('tomllib' in new)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "aether_nb aether_nb.config aether_nb.config.address aether_nb.config.files aether_nb.config.home "
        f"aether_nb.config.rules aether_nb.errors aether_nb.events aether_nb.events.ruling {folders}",
        "False",
    ]


def test_what_the_system_denies_stands_for_everybody(project, monkeypatch, tmp_path_factory):
    """Rules that deny or ask only grow, from the system over the person and the project to the call."""
    system, own = tmp_path_factory.mktemp("system") / FILE, tmp_path_factory.mktemp("own") / FILE
    system.write_text('deny = ["shell"]\nmode = "plan"')
    own.write_text('deny = ["git"]\nallow = ["query"]\nmode = "auto"')
    monkeypatch.setattr(config, "system_file", lambda: system)
    monkeypatch.setenv("AETHER_CONFIG", str(own))
    monkeypatch.setenv("AETHER_ASK", "plot")
    found = load(project('deny = ["http_request"]\nask = ["query"]'), {"deny": ["shell", "plot"]})
    assert found.deny == ("shell", "git", "http_request", "plot")
    assert (found.ask, found.allow, found.mode) == (("query", "plot"), ("query",), "auto")


def test_a_project_allows_nothing(project):
    """A file that travels with a notebook cannot let a call run without a question."""
    with pytest.raises(ConfigError, match="it would let more happen without asking you"):
        load(project('allow = ["shell"]'))


def test_the_rules_are_a_policy_for_this_user(project):
    """Without rules there is nothing to compare; with some, they are for who asks, in this folder."""
    folder = project('deny = ["shell"]')
    found = load(folder).policy(folder, "data")
    assert (found.hides("shell"), found.profile, found.folder) == ("shell", "data", str(folder))
    assert found.user
    assert Settings().policy(folder).deny == ()
