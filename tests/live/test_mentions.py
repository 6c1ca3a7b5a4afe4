"""What in a prompt is a mention, and what is only text: laws over a table of prompts and over any text."""

from __future__ import annotations

import math
import threading

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aether_nb.errors import MentionFailed
from aether_nb.live.mentions.failures import MOST, Failures
from aether_nb.live.mentions.finding import find
from aether_nb.live.mentions.values import ALL, LONGEST, mentions_in

NAMES = frozenset("df x y n i a b e name limit total user items max_rows f np In Out Err".split())

TEXT = [
    # LaTeX
    r"Explain \frac{x}{y} and \sqrt{n}",
    r"The set \{x\} is finite",
    r"$e^{x} + a_{n}$",
    r"x^{n} + y_{i}",
    r"\mathbb{R}^{n}",
    r"$$\int_0^1 {f(x)} dx$$",
    r"\begin{a} x \end{a}",
    r"\textbf{total} is \emph{limit}",
    r"$\sum_{i=1}^{n} {x}_i$",
    r"\operatorname{name}{x}",
    r"{n \choose i}",
    r"{\bf x}",
    r"$a = {b}$",
    # JSON
    '{"a": 1}',
    '{"name": "x", "items": [1, 2]}',
    '{"a": {"b": {"n": null}}}',
    '{"x": true, "y": [{"a": 1}]}',
    "{}",
    "[{}]",
    '{"df": {"x": 1.5e3}}',
    '{"limit": "{}"}',
    '{\n  "a": 1,\n  "b": {"x": 2}\n}',
    # dictionaries, sets, comprehensions, slices
    "{'a': a, 'b': b}",
    "{a: b}",
    "{a:1}",
    "{a, b}",
    "{1, 2, 3}",
    "{x for x in items}",
    "{x: y for x, y in items}",
    "{*a}",
    "{**a, **b}",
    "{'total': {x}}",
    "{3}",
    "{0}",
    "{}",
    "{n:d}",
    "{...}",
    # f-strings, str.format, %-formats, logging
    'print(f"{x}")',
    "f'{df.shape}'",
    'rf"{name}"',
    "f'''{x}\n{y}'''",
    '"{} and {}".format(x, y)',
    '"{0}"',
    "'{unknown}'",
    '"{missing!r:>10}"',
    'F"{total:.2f} of {limit}"',
    # Jinja, mustache, handlebars, other templates
    "{% if df %}",
    "{# x #}",
    "{{ unknown }}",
    "{{ user_name | title }}",
    "{{#each things}}",
    "<%= x %>",
    "#{x}",
    "${x}",
    "%{x}",
    "{{> partial}}",
    "{{{raw}}}",
    # shell and other languages
    "echo ${n}",
    "${HOME}/x",
    "for i in {1..10}; do",
    "awk '{print $1}'",
    "find . -exec rm {} \\;",
    "cp file.{txt,md} x",
    "git reset HEAD@{1}",
    "a{ color: red }",
    "function f() { return x }",
    "if (x) { y(); }",
    "regex \\d{3}-\\d{4}",
    "[a-z]{n}[0-9]{2}",
    "let s = `${name}`;",
    'fn main() { println!("{}", x); }',
    # code in backticks and fences
    "What does `{x}` do?",
    "```python\nprint({x})\n@f\ndef g(): ...\n```",
    "``{df}``",
    "~~~\n{df}\n~~~",
    "```\n{df} and no end",
    # e-mail, handles, decorators
    "write to me@df.org",
    "a@x",
    "@unknown said",
    "see @ df",
    "@x/y is a package",
    "user@name",
    "@f\ndef g(): ...",
    "@a.b(1)\nclass C: ...",
    "ssh root@n",
    "file.@x",
    # words in braces, and names that are not here
    "{not here}",
    "{placeholder}",
    "{df_missing.shape}",
    "{x and unknown}",
    "{len}",
    "{max}",
    "{print('x')}",
    "{x y}",
    "{(x := 5)}",
    "{await x}",
    "{x",
    "x}",
    "{ }",
    "{\n}",
    "Dear {first_name},",
    "{Rome, Oslo}",
    "{?x}",
    "{x?}",
    "{open('f')}",
    # dollars
    "It costs $5 and $6",
    "$`a^2`$ is maths",
    "$ `x`",
    "$`unknown`",
    "A$`x`",
]

MENTIONED = {
    "{x}": ["x"],
    "Is {total:.2f} above {limit}?": ["total", "limit"],
    "{df['a'].sum():.2f}": ["df['a'].sum()"],
    "{df[df.a > n].shape}": ["df[df.a > n].shape"],
    "{df.iloc[1:3]}": ["df.iloc[1:3]"],
    "{[x for x in items][0]}": ["[x for x in items][0]"],
    "{items['}']}": ["items['}']"],
    "{In[3]} failed with {Err[3]}, gave {Out[3]}": ["In[3]", "Err[3]", "Out[3]"],
    "{len(items)} {x!r} {n:,} {total:>10.1f} {limit:%Y-%m-%d}": ["len(items)", "x", "n", "total", "limit"],
    "$`df.shape` and @df, @name.": ["df.shape", "df", "name"],
    "(@df) costs $5 and {x} is $6": ["df", "x"],
    "use &`f` and &`f()`": ["f", "f"],
    '{"name": "x"} but {x}': ["x"],
    "{{x}} and {y}": ["y"],
    '{{"name": {name}}}': ["name"],
    "{x} {x}": ["x"],
    "compare @df['a'] with @x": ["df", "x"],
    "It's {x}, isn't it": ["x"],
    "{lambda_ if x else y} {x if n else y}": ["x if n else y"],
}


def test_there_are_enough_prompts_that_are_only_text():
    """The table is wide: no language that people paste is forgotten by shrinking it."""
    assert len(set(TEXT)) >= 80


@pytest.mark.parametrize("prompt", TEXT)
def test_what_is_no_expression_here_stays_as_typed(prompt):
    """LaTeX, JSON, f-strings, templates, shell, e-mail: nothing is found, nothing is changed."""
    reading = find(prompt, NAMES)
    assert (reading.text, reading.found) == (prompt, ())


@pytest.mark.parametrize(("prompt", "expressions"), MENTIONED.items())
def test_mentions_are_found_once_each_in_order(prompt, expressions):
    """An expression whose names all exist is a mention, wherever it stands in a sentence."""
    assert [one.expression for one in find(prompt, NAMES).found] == expressions


def test_a_doubled_brace_is_a_brace():
    """{{x}} stands for {x} and is no mention; where it would be none anyway, it stays doubled."""
    assert find("{{x}} {{unknown}} {{df.a + 1}} {{", NAMES).text == "{x} {{unknown}} {df.a + 1} {{"


signs = st.text(st.sampled_from("{}@$&`'\"\\:.! xyzdfn_^()[]=1,\n%#~"), max_size=60)


@settings(max_examples=400, deadline=None)
@given(signs | st.text(max_size=60))
def test_any_text_is_unchanged_without_names(text):
    """Where the notebook has no names, nothing is a mention but a function that was asked for by its own sign."""
    reading = find(text, frozenset())
    assert reading.text == text
    assert all(one.kind == "function" for one in reading.found)


@settings(max_examples=400, deadline=None)
@given(signs)
def test_every_mention_stands_in_the_text(text):
    """What is found was typed, letter for letter; and only escapes are ever taken out of a text."""
    reading = find(text, NAMES)
    assert all(one.typed in text for one in reading.found)
    assert len(reading.text) <= len(text)
    assert "{{" in text or reading.text == text


def test_a_hostile_text_takes_no_time():
    """Many braces cost their number, not its square."""
    for text in ("{" * 9_000, "{x " * 1_500, "{x:}" * 800, "`" * 9_000, "$" * 9_000, "\\a{" * 1_500, "@x" * 4_000):
        find(text, NAMES)


# ---- values


def notebook():
    """A frame, figures, a function."""
    df = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5], "mail": ["m@x", "n@x", "o@x"]})
    return {"df": df, "x": 3.25, "word": "hello", "f": lambda a: a, "math": math, "In": ["", "x = 3.25"], "Out": {2: 7}}


@pytest.mark.parametrize(
    ("typed", "kind", "columns", "text"),
    [
        ("{df['a'].sum()}", "statistics", ("df.a",), "6"),
        ("{round(df.b.mean(), 2)}", "statistics", ("df.b",), "1.5"),
        ("{round(df.b[0], 2)}", "rows", ("df.b",), "0.5"),
        ("{len(df)}", "statistics", ("df.a", "df.b", "df.mail"), "3"),
        ("{df.mail[0]}", "rows", ("df.mail",), "m@x"),
        ("{df.mail.max()}", "rows", ("df.mail",), "o@x"),
        ("{df.shape}", "schema", ("df.a", "df.b", "df.mail"), "(3, 3)"),
        ("{df.shape[0]}", "schema", ("df.a", "df.b", "df.mail"), "3"),
        ("{x}", "rows", (), "3.25"),
        ("{x:.1f}", "rows", (), "3.2"),
        ("{word!r:>9}", "rows", (), "  'hello'"),
        ("{In[1]}", "text", (), "x = 3.25"),
        ("{Out[2]}", "rows", (), "7"),
        ("{Err[4]}", "rows", (), "ValueError: no"),
        ("{[e for e in [1, 2] if e < x]}", "rows", (), "[1, 2]"),
    ],
)
def test_a_value_is_data_with_its_kind_and_columns(typed, kind, columns, text):
    """What is not known to be less counts as rows; columns are those it was made from."""
    (part,) = mentions_in(typed, notebook(), failures={4: "ValueError: no"}).parts
    assert (part.data, part.columns) == (kind, columns)
    assert part.text == f"\n\n{typed} was, when this was asked:\n{text}"


def test_a_variable_is_described_in_full_and_stays_readable():
    """@df stays in the sentence; what it is comes beside it, as rows of its columns."""
    found = mentions_in("Which of @df?", notebook())
    assert found.text == "Which of @df?"
    assert "pandas.DataFrame, 3 rows" in found.parts[0].text and "df.mail" in found.parts[0].columns


def test_values_are_bounded_one_by_one_and_together():
    """A huge value, and many of them, leave room for the question."""
    many = {f"v{n}": "y" * (LONGEST + 100) for n in range(9)}
    parts = mentions_in(" ".join(f"{{{name}}}" for name in many), many).parts
    assert all(len(part.text) < LONGEST + 120 for part in parts)
    assert sum(len(part.text) for part in parts) < ALL + 1_000
    assert "cut" in parts[0].text


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("{df['no']}", "KeyError: 'no'."),
        ("{1 / (x - 3.25)}", "ZeroDivisionError: float division by zero."),
        ("{word:.2f}", "ValueError: Unknown format code 'f' for object of type 'str'."),
        ("{exit(x)}", "SystemExit: 3.25."),
        ("{Err[9]}", "LookupError: no error of cell 9 is known; there is none yet."),
        ("&`g`", "There is none of that name."),
        ("&`x`", "It is a float."),
    ],
)
def test_what_cannot_be_worked_out_refuses_and_names_it(typed, why):
    """The card names the mention, says why, and how to mean the text itself."""
    with pytest.raises(MentionFailed) as caught:
        mentions_in(
            f"Is {typed} so?",
            notebook() | {"exit": lambda code: (_ for _ in ()).throw(SystemExit(code))},
            failures=Failures(),
        )
    assert typed in caught.value.what and caught.value.why == why
    assert "--raw" in caught.value.hint


def test_an_interrupt_ends_an_expression_calmly():
    """Stop while a mention is worked out asks nothing."""

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(MentionFailed, match="interrupted"):
        mentions_in("{stop()}", {"stop": stop})


def test_on_another_thread_no_handler_is_touched():
    """Signals belong to the main thread; elsewhere a value is worked out without them."""
    parts = []
    thread = threading.Thread(target=lambda: parts.extend(mentions_in("{x}", {"x": 1}).parts))
    thread.start()
    thread.join()
    assert parts[0].text.endswith("1")


def test_a_library_alone_and_a_name_of_ipython_are_no_mentions():
    """{math} and @math have nothing to tell; hidden names are not the user's."""
    assert mentions_in("{math} @math {hidden}", notebook() | {"hidden": 1}, hidden={"hidden"}).found == ()


def test_errors_of_cells_are_kept_as_text_and_not_without_end():
    """Only cells with a number count; the oldest go first."""

    class Result:
        def __init__(self, number, error):
            self.execution_count, self.error_in_exec, self.error_before_exec = number, error, None

    failures = Failures()
    failures.note(Result(None, ValueError("agent")))
    failures.note(Result(1, None))
    assert not failures
    for number in range(MOST + 5):
        failures.note(Result(number, ValueError(f"no {number}")))
    assert len(failures) == MOST and 0 not in failures
    assert failures[MOST + 4] == f"ValueError: no {MOST + 4}"
    with pytest.raises(LookupError, match=rf"Err\[{MOST + 4}\]"):
        failures[0]
