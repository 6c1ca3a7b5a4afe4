"""Rules about calls: how they are written, and what they say about one exact call."""

from __future__ import annotations

from typing import Any

import pytest

from aether_nb.events.ruling import NONE, OPEN, Policy, Rule, parsed


@pytest.mark.parametrize(
    ("text", "tool", "wants"),
    [
        ("shell", "shell", ()),
        ("mcp__*", "mcp__*", ()),
        ("  shell(command=rm *) ", "shell", (("command", "rm *"),)),
        ("shell(command=a, b, user=x)", "shell", (("command", "a, b"), ("user", "x"))),
        ("write_file(path=/data/**, risk=high)", "write_file", (("path", "/data/**"), ("risk", "high"))),
    ],
)
def test_a_rule_is_read_as_it_is_written(text: str, tool: str, wants: Any) -> None:
    """A rule names tools and conditions; a comma inside a value belongs to it."""
    rule = Rule.parse(text)
    assert (rule.text, rule.tool, rule.wants) == (text.strip(), tool, wants)


@pytest.mark.parametrize("text", ["", "shell(", "shell(rm)", "shell(command=)", "(path=x)", "rm -rf /", "a b(c=d)"])
def test_what_is_no_rule_is_refused(text: str) -> None:
    """A rule that cannot be read forbids nothing by mistake: it is an error that shows what one looks like."""
    with pytest.raises(ValueError, match=r"one looks like shell\(command=rm"):
        parsed([text])


@pytest.mark.parametrize(
    ("rule", "tool", "arguments", "path", "fits"),
    [
        ("shell(command=rm *)", "shell", {"command": "rm -rf x"}, "", True),
        ("shell(command=rm *)", "shell", {"command": "ls"}, "", False),
        ("shell(command=rm *)", "git", {"command": "rm x"}, "", False),
        ("*(path=/data/*)", "edit_file", {}, "/data/deep/down.csv", True),
        ("*(path=out/*)", "edit_file", {}, "/work/out/a.csv", True),
        ("*(path=out/*)", "edit_file", {}, "/elsewhere/out/a.csv", False),
        ("*(path=out/*)", "edit_file", {"path": "out/a"}, "/work/other/a", False),
        ("*(host=*.corp)", "http_request", {"url": "https://WWW.Corp./x"}, "", True),
        ("*(host=*.corp)", "http_request", {"url": "https://example.org/www.corp"}, "", False),
        ("*(host=*)", "http_request", {"url": "http://[half"}, "", False),
        ("query(limit=10)", "query", {"limit": 10}, "", True),
        ("shell(user=ann)", "shell", {"user": "bob"}, "", True),
        ("shell(user=bob)", "shell", {"user": "bob"}, "", False),
        ("shell(missing=*)", "shell", {}, "", False),
        ("shell(risk=low)", "shell", {"risk": "low"}, "", False),
    ],
)
def test_a_rule_fits_the_calls_that_it_describes(
    rule: str, tool: str, arguments: dict[str, Any], path: str, fits: bool
) -> None:
    """Arguments, the file, the host and the user are compared; no argument passes for a fact about the call."""
    policy = Policy(deny=parsed([rule]), user="ann", folder="/work")
    assert bool(policy.ruling(tool, arguments, path=path).ruled) == fits


def test_no_comes_before_asking_and_asking_before_yes() -> None:
    """The strictest rule that fits counts, and it is named."""
    policy = Policy(parsed(["shell(command=rm *)"]), parsed(["shell(command=git *)"]), parsed(["shell"]))
    said = [policy.ruling("shell", {"command": text}) for text in ("rm x", "git push", "ls")]
    assert [(each.ruled, each.rule) for each in said] == [
        ("deny", "shell(command=rm *)"),
        ("ask", "shell(command=git *)"),
        ("allow", "shell"),
    ]
    assert policy.ruling("query", {}) is NONE
    assert OPEN.ruling("shell", {"command": "rm x"}) is NONE


def test_a_tool_that_is_always_denied_is_hidden() -> None:
    """Only a rule without conditions on the call hides a tool: one that may be called is told of."""
    policy = Policy(parsed(["shell(command=rm *)", "git", "*_file(user=ann)", "query(profile=infra)"]), user="ann")
    assert [policy.hides(name) for name in ("shell", "git", "write_file", "query")] == [
        "",
        "git",
        "*_file(user=ann)",
        "",
    ]


def test_running_code_is_held_to_rules_about_files_and_hosts() -> None:
    """What a rule denies to write_file, or to the tool that runs the code, code may not do either."""
    policy = Policy(
        parsed(["write_file(path=/data/*)", "run_python(host=*.corp)", "run_python(path=/x)", "shell"]), folder="/w"
    )
    assert policy.forbids("run_python", path="/data/a") == "write_file(path=/data/*)"
    assert policy.forbids("run_python", path="/x") == "run_python(path=/x)"
    assert policy.forbids("run_python", host="www.corp") == "run_python(host=*.corp)"
    assert policy.forbids("run_python", path="/w/a") == policy.forbids("run_python", host="example.org") == ""


@pytest.mark.parametrize("more", ["; rm -rf .", " && rm x", " | sh", " > x", " $(rm x)", " `rm x`", "\nrm x"])
def test_a_yes_to_a_command_is_no_yes_to_what_is_chained_to_it(more: str) -> None:
    """What a rule allows, or a skill names, ends where the command that it describes ends."""
    rules = parsed(["shell(command=git status*)"])
    assert Policy(allow=rules).ruling("shell", {"command": "git status -s"}).ruled == "allow"
    assert Policy(allow=rules).ruling("shell", {"command": f"git status{more}"}).ruled == ""
    assert Policy(only=rules).ruling("shell", {"command": f"git status{more}"}).ruled == "deny"
    assert Policy(allow=parsed(["shell"])).ruling("shell", {"command": f"git status{more}"}).ruled == "allow"


def test_beside_what_is_named_nothing_runs() -> None:
    """A limit denies every other tool, but for those that do nothing by themselves."""
    policy = Policy(deny=parsed(["query"]), only=parsed(["query", "shell(command=git *)"]))
    said = [policy.ruling(tool, {"command": "git log"}) for tool in ("shell", "run_python", "plan", "query")]
    assert [(each.ruled, each.rule) for each in said] == [
        ("", ""),
        ("deny", "allowed-tools of the opened skill"),
        ("", ""),
        ("deny", "query"),
    ]


@pytest.mark.parametrize(
    "spelt", ["/data/x/../raw/a.csv", "../data/raw/a.csv", "/data//raw/./a.csv", "/data/raw/a.csv"]
)
def test_a_path_is_compared_as_what_it_leads_to(spelt: str) -> None:
    """However a model spells a path, what is denied is denied, and what is not allowed is not."""
    denied = Policy(deny=parsed(["*(path=/data/raw/*)"]), folder="/w")
    assert denied.ruling("fs__write", {"path": spelt}).ruled == "deny"
    allowed = Policy(allow=parsed(["fs__write(path=out/*)"]), folder="/w")
    assert allowed.ruling("fs__write", {"path": "/w/out/../../etc/passwd"}).ruled == ""
    assert allowed.ruling("fs__write", {"path": "out/a.csv"}).ruled == "allow"


@pytest.mark.parametrize("host", ["evil.com", "EVIL.com", "evil.com."])
def test_a_host_is_the_same_however_it_is_written(host: str) -> None:
    """In a rule, in an address, and where code asks for it; and what requests may not reach, code may not."""
    policy = Policy(deny=parsed(["http_request(host=Evil.com)"]))
    assert policy.forbids("run_python", host=host) == "http_request(host=Evil.com)"
    assert policy.ruling("http_request", {"url": f"https://{host}/x"}).ruled == "deny"
    named = Policy(allow=parsed(["*(host=good.com)"]))
    assert named.ruling("fs__write", {"host": "good.com"}).ruled == ""
