"""The cell magic, and the verbs about a notebook's conversation. Plain data."""

from __future__ import annotations

from aether_nb.typed import Option, Verb
from aether_nb.verbs.shared import APPROVE, AS_AGENT, PARK_AFTER

__all__ = ["CELL", "VERBS"]

CELL_MODEL = Option(("--model",), "the model for this, as provider:model", metavar="MODEL")

CELL = Verb(
    "%%aether",
    "Ask about your live variables. The question is the text of the cell; it may begin behind the options. It may "
    "mention what there is: {df.shape} or {total:.2f} (a value), {In[3]} {Out[3]} {Err[3]} (a cell), @df (a variable "
    "that matters), &`clean` (my function as a tool of this run); {{ is only a brace.",
    (
        Option(
            ("-o", "--out"),
            "bind the answer to a variable of this name: its text, or with --as a value",
            metavar="NAME",
        ),
        Option(
            ("--as",),
            "the type of that value: float, list[str], MyModel, DataFrame; computed, not typed",
            metavar="TYPE",
        ),
        Option(("--raw",), "take the question as it stands: nothing in it is a mention", flag=True),
        Option(("--model",), "the model for this question, as provider:model", metavar="MODEL"),
        Option(("--mode",), "how much may run without a question", choices=("plan", "ask", "auto")),
        Option(("--plan",), "end with the plan; run nothing that changes anything", flag=True),
        Option(("--new",), "forget the earlier questions of this notebook", flag=True),
        Option(("--data",), "what of the data may leave this machine", choices=("schema", "stats", "sample", "all")),
        Option(
            ("--attach",),
            "what goes with it: a figure or picture among the variables, a file; several with commas between them",
            metavar="FILE|VARIABLE",
        ),
        PARK_AFTER,
        AS_AGENT,
        APPROVE,
        Option(("--lines",), "show it as lines of text, and not as a panel", flag=True),
        Option(("--run",), "name the run yourself: a name that is new in this record", metavar="NAME"),
        Option(
            ("--bg",),
            "in the background: the cell ends at once, the panel goes on; the answer comes to this cell",
            flag=True,
        ),
    ),
    examples=(
        "%%aether How many rows have no price?",
        "%%aether -o total --as float What was sold in May?",
        "%%aether --model ollama:qwen3 --plan How would you clean @df?",
        "%%aether --attach fig,sketch.png Why does my plot not look like the sketch?",
        "%%aether --bg -o report Which cities sell less than last year, and why?",
    ),
)
"""The cell magic."""

VERBS: tuple[Verb, ...] = (
    Verb("status", "Where things stand: model, mode, folder, record.", (), ("notebook",), examples=("status",)),
    Verb(
        "help",
        "What can be typed.",
        (
            Option(
                ("verb",),
                "a verb, %%aether, or a page: guarantees (what holds when things fail), guard, hooks, encryption",
                default="",
                metavar="VERB",
            ),
        ),
        examples=("help", "help runs", "help %%aether", "help guarantees"),
    ),
    Verb(
        "new",
        "Forget the earlier questions of this notebook; runs stay recorded.",
        (),
        ("notebook",),
        examples=("new",),
    ),
    Verb(
        "edit",
        "Let a model change a cell: the difference is shown, and you say yes or no. On the first line of a cell, above "
        "its code, that cell is replaced; otherwise the new code of In[n], or of the last cell, comes into one below.",
        (
            Option(("text",), "the cell, if it is another one; then what you want", metavar="[In[n]] TEXT", rest=True),
            CELL_MODEL,
        ),
        ("notebook",),
        prose=True,
        examples=("edit make it a function", "edit In[3] use a groupby", "edit --model ollama:qwen3 simpler, please"),
    ),
    Verb(
        "fix",
        "Explain the last error of a cell, and propose the mended code in a cell below; you run it.",
        (Option(("cell",), "the cell; the last that failed when left out", default="", metavar="In[n]"), CELL_MODEL),
        ("notebook",),
        examples=("fix", "fix In[3]"),
    ),
    Verb(
        "doc",
        "Write a docstring for a function or class of yours, in a cell below; explain any other name.",
        (Option(("name",), "its name", default="", metavar="VARIABLE"), CELL_MODEL),
        ("notebook",),
        examples=("doc clean", "doc df"),
    ),
    Verb(
        "grants",
        "The yeses that last for this notebook, and taking one back.",
        (Option(("--revoke",), "take back the grant of this name", default="", metavar="GRANT"),),
        ("notebook",),
        examples=("grants", "grants --revoke g1"),
    ),
)
