"""The verbs by which a terminal gives tasks: one, its plan only, or many from a file. Plain data."""

from __future__ import annotations

from aether_nb.typed import Option, Verb
from aether_nb.verbs.shared import APPROVE, AS_AGENT, JSON, LOAD, PARK_AFTER, STORE

__all__ = ["VERBS"]

TASK = (
    Option(("task",), "what is asked; read from standard input when left out", default="", metavar="TASK", rest=True),
    Option(("--template",), "the template of the task: a name, or a file", metavar="TEMPLATE"),
    Option(("--set",), "a word for a blank of the template, as NAME=VALUE; several between semicolons", metavar="…"),
    LOAD,
    Option(("--context",), "your name for a kernel, variables and rules: a YAML file of yours", metavar="CONTEXT"),
    Option(("--model",), "the model, as provider:model", metavar="MODEL"),
    AS_AGENT,
    Option(("--data",), "what of the data may leave this machine", choices=("schema", "stats", "sample", "all")),
    APPROVE,
    Option(("--kernel",), "a kernel that runs already: its file, or existing for the last one", metavar="KERNEL"),
    Option(("--run",), "name the run yourself: a name that is new in this record", metavar="NAME"),
    PARK_AFTER,
    JSON,
    STORE,
)

VERBS: tuple[Verb, ...] = (
    Verb(
        "execute",
        "Work on a task in a kernel of its own; what it asks is asked here. Ends with 0 (done), 1 (failed, or not "
        "done: nobody was there to approve a call), 2 (it could not be begun), 3 (it waits for somebody) or 4 "
        "(stopped).",
        (*TASK, Option(("--mode",), "how much may run without a question", choices=("plan", "ask", "auto"))),
        ("terminal",),
        examples=(
            "execute --load sales.csv Total of @sales by month?",
            "execute --context sales Total by month?",
            "execute --template profile-table --set table=sales --load sales.csv --json",
        ),
    ),
    Verb(
        "plan",
        "Like execute, but it ends with the plan: nothing is run that changes anything.",
        TASK,
        ("terminal",),
        examples=("plan --load sales.csv How would you clean @sales?",),
    ),
    Verb(
        "batch",
        "Work on the tasks of a file, several at a time; what is done already is not done again.",
        (
            Option(("file",), "a YAML file with tasks", metavar="FILE"),
            Option(("--concurrent",), "how many at a time, instead of what the file says", metavar="N"),
            Option(("--again",), "begin those anew that have failed, were not done or were stopped", flag=True),
            JSON,
            STORE,
        ),
        ("terminal",),
        examples=("batch nightly.yaml", "batch nightly.yaml --again --concurrent 4"),
    ),
    Verb("templates", "The templates of tasks that there are.", (JSON,), ("terminal",), examples=("templates",)),
)
