"""A person's own file of settings, roles, and what is remembered there."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from aether_nb.config import FILE, ROLES, Settings, known, load, own_file, remember
from aether_nb.errors import ConfigError


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Writes a person's own file, where AETHER_CONFIG says, and gives its path."""

    def write(text):
        file = tmp_path / "own" / "mine.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        monkeypatch.setenv("AETHER_CONFIG", str(file))
        return file

    return write


def test_ones_own_file_is_found_and_may_say_anything(tmp_path, monkeypatch):
    """It lies in the folder of settings, is read from any folder, and may raise trust and name addresses."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    file = tmp_path / "config" / "aether-nb" / FILE
    assert own_file() == file
    file.parent.mkdir(parents=True)
    lines = ['model = "m@http://gpu/v1"', 'mode = "auto"', "max_cost = 'none'", "timeout = 600", "cache = true"]
    row = '[providers.gpu]\nbase_url = "http://gpu/v1"\n[providers.gpu.models."a*"]\nvision = true'
    file.write_text("\n".join([*lines, row]))
    assert load(tmp_path) == Settings(
        model="m@http://gpu/v1",
        mode="auto",
        max_cost=None,
        timeout=600.0,
        cache=True,
        providers={"gpu": {"base_url": "http://gpu/v1", "models": {"a*": {"vision": True}}}},
    )


def test_the_order_of_all_sources(project, own, monkeypatch):
    """Call, environment, the project's file, one's own file, default: the first that says something counts."""
    own("max_steps = 9\nmax_seconds = 9\nmax_cost = 0.9\nmax_tokens = 9")
    folder = project("max_steps = 8\nmax_seconds = 8\nmax_cost = 0.8")
    monkeypatch.setenv("AETHER_MAX_STEPS", "7")
    monkeypatch.setenv("AETHER_MAX_SECONDS", "7")
    found = load(folder, {"max_steps": 6})
    assert found == Settings(max_steps=6, max_seconds=7.0, max_cost=0.8, max_tokens=9)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("max_steps = 5", "max_steps = 6"),
        ('mode = "plan"', 'mode = "ask"'),
        ("local_only = true", "local_only = false"),
        ("timeout = 5", "timeout = 6"),
    ],
)
def test_a_project_is_measured_by_what_a_person_says(project, own, mine, theirs):
    """What is careful enough for others may be less than this person wants: then the project may not set it."""
    own(mine)
    with pytest.raises(ConfigError) as caught:
        load(project(theirs))
    assert f" may not set '{theirs.split()[0]}' to " in caught.value.what


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ("max_steps = 90", "max_steps = 60", {"max_steps": 60}),
        ('mode = "auto"', 'mode = "ask"', {"mode": "ask"}),
        ("max_cost = 'none'", "max_cost = 5", {"max_cost": 5.0}),
        ("", "local_only = true", {"local_only": True}),
        ("cache = true", "cache = false", {"cache": False}),
    ],
)
def test_a_project_may_be_more_careful_than_a_person(project, own, mine, theirs, expected):
    """Below what a person allows a project may set what it likes."""
    own(mine)
    assert load(project(theirs)) == replace(Settings(), **expected)


def test_a_project_names_no_provider(project):
    """Neither an address nor the variable of a key comes from a stranger's file; the error says where it may stand."""
    folder = project('[providers.openai]\nbase_url = "https://evil.example/v1"')
    with pytest.raises(ConfigError) as caught:
        load(folder)
    assert caught.value.what == f"{folder / FILE} may not set 'providers' to {{'openai': {{'base_url': " + (
        "'https://evil.example/v1'}}."
    )
    assert caught.value.why == (
        "A project's file can make a run more careful, never less: "
        "it would send your data, or your keys, to an address that you did not choose."
    )
    assert caught.value.hint == f"Take the line out. If you want it, say so yourself: [providers.…] in {own_file()}"


def test_ones_own_file_beside_the_notebook_is_ones_own(tmp_path, monkeypatch):
    """Who works in the folder of their settings is no stranger to themselves."""
    file = tmp_path / FILE
    file.write_text('mode = "auto"')
    monkeypatch.setenv("AETHER_CONFIG", str(file))
    assert load(tmp_path).mode == "auto"


def test_a_named_file_has_to_exist(tmp_path, monkeypatch):
    """A careful setting must not be lost to a slip in AETHER_CONFIG."""
    monkeypatch.setenv("AETHER_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert (caught.value.what, caught.value.why) == (
        f"{tmp_path / 'none.toml'} does not exist.",
        "The variable AETHER_CONFIG names it.",
    )


@pytest.mark.parametrize(
    "broken", ["max_stpes = 1", "mode = 'yolo'", "providers = 3", "[providers]\nopenai = 3", "x ="]
)
def test_ones_own_file_is_checked_too(own, tmp_path, broken):
    """What is wrong in it is named with the file."""
    file = own(broken)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert str(file) in str(caught.value)


# ---- roles


def test_roles_have_a_table(project):
    """What a model is for may be said under [roles], chat included."""
    lines = [f'{role} = "{role}:m"' for role in ROLES]
    expected = {setting: f"{role}:m" for role, setting in ROLES.items()}
    assert asdict(load(project("\n".join(["[roles]", *lines])))) == asdict(Settings()) | expected


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("[roles]\nvison = 'a:b'", "There is no role 'vison'.", "Did you mean 'vision'?"),
        ("roles = 'a:b'", "'roles' cannot be 'a:b'.", "Write a table: [roles]"),
        ("[roles]\nvision = 3", "The setting 'vision_model' cannot be 3.", "Give it as text."),
        (
            "model = 'a:b'\n[roles]\nchat = 'a:c'",
            "{file} names the model for 'chat' twice.",
            "Take one of the two out.",
        ),
        (
            "[roles]\nvision = 'm@http://evil/v1'",
            "{file} may not set 'vision_model' to 'm@http://evil/v1'.",
            "Take the line out. If you want it, say so yourself: AETHER_VISION_MODEL=m@http://evil/v1",
        ),
    ],
)
def test_what_is_wrong_with_a_role(project, text, what, hint):
    """An unknown role, something else than a name, the same said twice, an address: each is named."""
    folder = project(text)
    with pytest.raises(ConfigError) as caught:
        load(folder)
    assert (caught.value.what, caught.value.hint) == (what.format(file=folder / FILE), hint)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("max_steps = 'abc'", "For example: max_steps = 40"),
        ("mode = 'wild'", 'For example: mode = "ask"'),
        ("panel = 'perhaps'", "For example: panel = true"),
        ("deny = 'a;b('", 'For example: deny = ["shell(command=rm *)"]'),
        ("hide = 3", 'For example: hide = ["*phone*"]'),
        ("trust_skills = 3", 'For example: trust_skills = ["."]'),
        ("model = 3", "Give it as text."),
        ("providers = 3", "Write a table: [providers.NAME]"),
        ("mcp = {x = 3}", "Write a table: [mcp.NAME]"),
    ],
)
def test_a_wrong_line_is_answered_by_a_line(tmp_path, monkeypatch, text, hint):
    """One that can be written there, and is allowed."""
    (tmp_path / "mine.toml").write_text(text)
    monkeypatch.setenv("AETHER_CONFIG", str(tmp_path / "mine.toml"))
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert caught.value.hint == hint
    if hint.startswith("For example: "):
        (tmp_path / "mine.toml").write_text(hint.removeprefix("For example: "))
        load(tmp_path)


@pytest.mark.parametrize("name", ["deny", "ask", "allow"])
def test_a_wrong_rule_of_a_variable_is_answered_by_one(tmp_path, monkeypatch, name):
    """As a shell reads it."""
    variable = known()[name].variable
    monkeypatch.setenv(variable, "a;b(")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert caught.value.hint == f"For example: {variable}='shell(command=rm *)'"


# ---- remembering


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, 'model = "a:b"\n'),
        ("", 'model = "a:b"\n'),
        ('# mine\nmodel = "x:y"  # old\nmode = "plan"\n', '# mine\nmodel = "a:b"  # old\nmode = "plan"\n'),
        ('model = """\nx:y\n"""\n', 'model = "a:b"\n'),
        ('"model" = "x:y"\n', '"model" = "a:b"\n'),
        ("max_steps = 3\n[providers.p]\nport = 1\n", 'max_steps = 3\nmodel = "a:b"\n\n[providers.p]\nport = 1\n'),
        ('[providers.p]\ndefault_model = "m"', 'model = "a:b"\n\n[providers.p]\ndefault_model = "m"'),
    ],
)
def test_a_choice_is_remembered(tmp_path, monkeypatch, before, after):
    """One line of one's own file is written or replaced; everything else in it stays, and no half of it is left."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    file = tmp_path / "aether-nb" / FILE
    if before is not None:
        file.parent.mkdir()
        file.write_text(before)
    assert remember("model", "a:b") == file
    assert (file.read_text(), [each.name for each in file.parent.iterdir()]) == (after, [FILE])
    assert load(tmp_path).model == "a:b"


@pytest.mark.parametrize(
    "before",
    ['[roles]\nchat = "x:y"\n', "x =", 'mode = "yolo"'],
)
def test_a_file_that_cannot_be_changed_safely_stays_as_it_is(own, before):
    """Where the new line would not be the whole truth the file is left alone, and that is said."""
    file = own(before)
    with pytest.raises(ConfigError):
        remember("model", "a:b")
    assert file.read_text() == before


def test_nothing_else_than_a_setting_is_remembered():
    """An unknown name, or a value that is not allowed, writes nothing."""
    for name, value in (("modle", "a:b"), ("mode", "yolo")):
        with pytest.raises(ConfigError):
            remember(name, value)
    assert not own_file().exists()
