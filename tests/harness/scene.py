"""A run with everything that a panel shows, for tests of what people see: a revised plan, an edit of a file, a gauge.

The answer has a formula, a table, code and text from right to left; its numbers come from its calls.
"""

from __future__ import annotations

from collections.abc import Iterator

from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Text, Usage
from harness.story import PLAIN, TABLE, call, hash_of, picture, proposed

MODEL = "openai:gpt-5"

ITEMS = (
    k.PlanItem("Load the flipper lengths", "query"),
    k.PlanItem("Compare them by species", "run_python"),
    k.PlanItem("Answer", ""),
)
REVISED = (
    ITEMS[0],
    k.PlanItem("Leave out the two rows without a length", "run_python"),
    ITEMS[1],
    k.PlanItem("Correct the note in report.md", "edit_file"),
    ITEMS[2],
)
DIFF = """\
--- report.md
+++ report.md
@@ -3,4 +3,4 @@
 ## Flippers
-The widest gap is 25 mm, between Gentoo and Chinstrap.
+The widest gap is 27.2 mm, between Gentoo and Adelie.
 All lengths are in millimetres."""
ANSWER = r"""**Gentoo and Adelie differ most**: Gentoo flippers average 217.2 mm, Adelie's 190.0 mm, a gap of
**27.2 mm**. The standard error of a mean is $s_{\bar{x}} = \frac{s}{\sqrt{n}}$, so the gap is far outside of chance:

$$t = \frac{\bar{x}_1 - \bar{x}_2}{\sqrt{s_1^2/n_1 + s_2^2/n_2}} \approx 34.4$$

| species | count | mean (mm) |
|:--------|------:|----------:|
| Gentoo | 123 | 217.2 |
| Adelie | 151 | 190.0 |

```python
summary.loc[["Gentoo", "Adelie"], "mean"].diff()
```

طول الجناح يختلف بين الأنواع.
"""

THOUGHT = (
    "The report says that the widest gap is 25 mm. I read the lengths, leave out rows without one, and compare the "
    "means of the three species before I touch the file."
)
QUERY = call("s1", "query", sql="SELECT species, flipper_length_mm\nFROM penguins\nWHERE flipper_length_mm IS NOT NULL")
CODE = call(
    "s2",
    "run_python",
    code="summary = penguins.groupby('species')['flipper_length_mm'].agg(['count', 'mean'])\nprint(log)\nsummary",
    purpose="Mean flipper length by species",
)
EDIT = call("s3", "edit_file", path="report.md", old="25 mm", new="27.2 mm")
LOG = "\n".join(f"row {n}: flipper length read, {170 + n % 60} mm" for n in range(1, 43))


def opening() -> tuple[Message, ...]:
    """What such a run is told first: rules, an earlier turn, the question and the variables."""
    question = "How do the species differ in flipper length? Mend the report."
    variables = Text("- penguins: pandas.DataFrame, 344 rows × 8 columns\n" + "  - species: str\n" * 150, "schema")
    return (
        Message.of("system", "You are a careful analyst. " * 160),
        Message.of("user", "How many penguins are there?"),
        Message.of("assistant", "There are 344 penguins. " * 40),
        Message("user", (Text(question), variables)),
    )


def until_the_gate() -> list[k.Event]:
    """From the question to the gate before the edit of a file."""
    told = f"[stdout]\n{LOG}\n[value] DataFrame, 3 rows × 3 columns, as CSV:\n{PLAIN}\ngap 27.2, t 34.41"
    return [
        k.RunStarted("How do the species differ in flipper length? Mend the report.", MODEL),
        k.ContextComposed(opening()),
        k.GrantGiven(k.Grant("g1", "write_file", "folder:/home/ada/penguins/out", "medium", "notebook", "panel")),
        k.GrantGiven(k.Grant("g2", "run_shell", "call:sha256:1", "high", "minutes", "panel", 1_795_191_300.0)),
        k.ModelAsked(MODEL, 1),
        k.ThinkingDelta(THOUGHT),
        k.ModelAnswered(
            MODEL,
            Message(
                "assistant",
                (),
                (QUERY,),
                thinking=THOUGHT,
            ),
            Usage(9_812, 96, 0.01),
            "tool_calls",
            1.0,
        ),
        k.PlanMade(ITEMS),
        proposed(QUERY, purpose="Read the lengths"),
        k.ItemStarted(0),
        k.CallBegun("s1", hash_of(QUERY)),
        k.CallFinished("s1", (Text("342 rows"),), 0.04, ({"text/html": TABLE, "text/plain": PLAIN},)),
        k.ItemFinished(0),
        k.PlanRevised(REVISED, 1, "two rows have no length"),
        k.ModelAsked(MODEL, 2),
        k.ModelAnswered(
            MODEL,
            Message("assistant", (Text("Two rows have no length."),), (CODE,)),
            Usage(31_400, 140, 0.02),
            "tool_calls",
            1.0,
        ),
        proposed(CODE, effect="namespace", purpose="Mean flipper length by species"),
        k.ItemStarted(1),
        k.CallBegun("s2", hash_of(CODE)),
        k.NamespaceChanged("s2", (k.Change("summary", "added", "DataFrame", ("3 rows × 3 columns",)),)),
        k.CallFinished(
            "s2", (Text(told),), 0.31, ({"text/html": TABLE, "text/plain": PLAIN}, {"image/png": picture()})
        ),
        k.ItemFinished(1),
        k.ItemStarted(2),
        k.ItemFinished(2),
        k.ModelAsked(MODEL, 3),
        k.ModelAnswered(MODEL, Message("assistant", (), (EDIT,)), Usage(84_200, 60, 0.03), "tool_calls", 0.5),
        proposed(
            EDIT,
            risk="high",
            effect="external",
            purpose="Correct the note in the report",
            reasons=("report.md is changed",),
            effect_text=DIFF,
            path="/home/ada/penguins/report.md",
        ),
        k.ItemStarted(3),
        k.GateOpened("s3", hash_of(EDIT)),
    ]


def until_the_end() -> list[k.Event]:
    """From the yes to the answer."""
    return [
        k.GateAnswered("s3", hash_of(EDIT), "approve", "panel"),
        k.CallBegun("s3", hash_of(EDIT)),
        k.CallFinished("s3", (Text("changed report.md in 1 place"),), 0.02),
        k.ItemFinished(3),
        k.ModelAsked(MODEL, 4),
        *[k.TextDelta(f"{word} ") for word in ANSWER.split(" ")],
        k.ModelAnswered(MODEL, Message.of("assistant", ANSWER), Usage(85_900, 130, 0.03), "stop", 1.2),
    ]


def many_cards(count: int) -> Iterator[k.Event]:
    """A run of so many calls, each with code, output and a change."""
    yield k.RunStarted("Do a great many things", MODEL)
    for n in range(count):
        one = call(f"m{n}", "run_python", code=f"value_{n} = {n}\nprint(value_{n})", purpose=f"Step {n}")
        yield k.ModelAsked(MODEL, n + 1)
        yield k.ModelAnswered(MODEL, Message("assistant", (), (one,)), Usage(1_000 + n, 20, 0.0), "tool_calls", 0.1)
        yield proposed(one, effect="namespace")
        yield k.CallBegun(one.id, hash_of(one))
        yield k.OutputDelta(one.id, f"{n}\n")
        yield k.NamespaceChanged(one.id, (k.Change(f"value_{n}", "added", "int", (str(n),)),))
        yield k.CallFinished(one.id, (Text(f"[stdout]\n{n}"),), 0.01)
