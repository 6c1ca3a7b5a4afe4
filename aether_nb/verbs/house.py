"""The verbs about the installation. Plain data."""

from __future__ import annotations

from aether_nb.typed import Option, Verb
from aether_nb.verbs.shared import JSON, SAID, SENT

__all__ = ["VERBS"]

VERBS: tuple[Verb, ...] = (
    Verb(
        "doctor",
        "Look whether everything is in place, and say what to do; with a model, try it out (three tiny requests).",
        (Option(("model",), "a model to try out, as provider:model", default="", metavar="MODEL"), JSON),
        examples=("doctor", "doctor openai:gpt-5-mini"),
    ),
    Verb(
        "policy",
        "The rules about calls: what is denied, asked about and allowed; and what they say of one call.",
        (
            Option(
                ("call",),
                "a call, written like a rule: shell(command=rm -rf data)",
                default="",
                metavar="CALL",
                rest=True,
            ),
            JSON,
        ),
        examples=("policy", "policy 'write_file(path=out/a.csv)'"),
    ),
    Verb(
        "profiles",
        "Ways of working for %%aether --as-agent NAME: what an agent is told, which tools it has, what it may not do; "
        "and the agents that you have written as functions, under @host.",
        (JSON,),
        examples=("profiles",),
    ),
    Verb(
        "plugins",
        "Who brought what: what is built in, what packages and this notebook add, and which package is broken.",
        (JSON,),
        examples=("plugins",),
    ),
    Verb(
        "skills",
        "Instructions that the agent opens when a task needs them: list, show, add, check, or make one from a run.",
        (
            Option(("what",), "list when left out", choices=("list", "show", "add", "check", "make"), default="list"),
            Option(
                ("name",),
                "a skill's name (show, make), a folder (add, check), or a category (list)",
                default="",
                metavar="NAME",
            ),
            Option(("--user",), "add it to your own, for every project; it then speaks for you", flag=True),
            Option(("--run",), "the run to make one from; the last one when left out", default="", metavar="RUN"),
            *SENT,
        ),
        examples=("skills", "skills show eda", "skills add downloads/tidy-data --user", "skills make monthly-report"),
    ),
    Verb(
        "completion",
        "The script by which a shell completes aether at TAB: verbs, options, models, runs, profiles; without a shell "
        "the line that takes it in.",
        (Option(("shell",), "the shell", choices=("bash", "zsh", "fish")),),
        ("terminal",),
        examples=("completion", "completion bash"),
    ),
    Verb(
        "hooks",
        "Functions and commands that may alter and refuse what happens in a run: which there are, which may be run.",
        (
            Option(
                ("what",),
                "list when left out; enable agrees to it as it stands, disable takes a hook out",
                choices=("list", "enable", "disable"),
                default="list",
            ),
            Option(("name",), "the hook's name", default="", metavar="NAME"),
            *SENT,
        ),
        examples=("hooks", "hooks enable no-prod", "hooks --json"),
    ),
    Verb("version", "The version.", (SAID,), examples=("version",)),
    Verb(
        "demo",
        "Run notebooks/01-first-look.ipynb on a copy, in a real kernel, with the offline analyst.",
        (
            Option(
                ("--allow-writes",),
                "approve files that the run writes inside the copy's folder, and nowhere else",
                flag=True,
            ),
            Option(("--out",), "where to put the executed notebook", default="", metavar="FOLDER"),
        ),
        ("terminal",),
        examples=("demo", "demo --allow-writes --out seen"),
    ),
)
