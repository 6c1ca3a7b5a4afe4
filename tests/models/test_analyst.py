"""How the analyst works: plan, calls, corrections, questions, refusals. Its code runs for real in these tests."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from palmerpenguins import load_penguins

from aether_nb.events.messages import Message, Text, ToolCall, Usage
from aether_nb.models.analyst import Analyst
from aether_nb.models.analyst.conversation import read_conversation
from aether_nb.models.base import Model, Request
from harness.analyst import Lab, reply_to, run_code, summary_text

STORY = "Which species differ most in flipper length? Plot it and write the summary table to summary.csv"


def penguins() -> pd.DataFrame:
    return load_penguins()


def first_reply(prompt: str, namespace: dict[str, Any]) -> Message:
    summary = Text(summary_text(namespace), "rows")
    return reply_to((Message("user", (Text(prompt), summary)),)).message


def answering(tool: str, text: str) -> Callable[[ToolCall, int], str | None]:
    """What a tool says instead of doing its work."""
    return lambda call, count: text if call.name == tool else None


# ---- the story


def test_the_story_is_planned_computed_drawn_and_written() -> None:
    """The story of the README: a plan with badges, a look, a test, a picture, a file, and the answer."""
    lab = Lab({"penguins": penguins()})
    text = lab.ask(STORY)
    assert [call.name for call in lab.calls] == ["plan", "inspect_variable", "run_python", "run_python", "write_file"]
    tools = [item["tool"] for item in lab.calls[0].arguments["items"]]
    assert tools == ["inspect_variable", "run_python", "run_python", "write_file"]
    assert lab.calls[-1].arguments == {"path": "summary.csv", "variable": "summary"}
    assert list(lab.files["summary.csv"].index) == ["Adelie", "Chinstrap", "Gentoo"]
    assert all(
        part in text
        for part in (
            "**Gentoo** and **Adelie**",
            "27.23",
            "One-way ANOVA: F = ",
            "p < 0.001",
            "explain 77.8 %",
            "summary.csv",
        )
    )


def test_the_first_reply_is_the_plan_together_with_the_first_call() -> None:
    """The plan and the first real call come in one message."""
    message = first_reply(STORY, {"penguins": penguins()})
    assert [call.name for call in message.calls] == ["plan", "inspect_variable"]


def test_the_analyst_is_a_model_that_costs_nothing() -> None:
    """It has the face of a model, and its usage is nothing."""
    assert isinstance(Analyst(), Model)
    lab = Lab({"penguins": penguins()})
    lab.ask("How many rows?")
    assert {reply.usage for reply in lab.replies} == {Usage(0, 0, 0.0)}
    assert [reply.finish for reply in lab.replies] == ["tool_calls", "tool_calls", "stop"]


def test_it_keeps_no_state_and_repeats_itself_exactly() -> None:
    """Any state of a conversation, asked again of a new analyst, brings the same reply."""
    lab = Lab({"penguins": penguins()})
    lab.ask(STORY)
    for at, message in enumerate(lab.messages):
        if message.role == "assistant":
            assert reply_to(tuple(lab.messages[:at])).message == message


def test_what_is_told_after_a_restart_is_no_question() -> None:
    """A run that goes on is told which variables came back: the question is still the one before."""
    asked = Message("user", (Text("variables (1):\n- df: pandas.DataFrame, 3 rows", "schema"), Text("How many rows?")))
    told = Message("user", (Text("Restored after the restart: df", "schema"),))
    talk = read_conversation(Request((asked, told), ()))
    assert talk.prompt == "How many rows?" and talk.summary is not None and "3 rows" in talk.summary


def test_what_is_said_after_an_answer_is_the_question() -> None:
    """A fork goes on with other words over what was known; what is said in the middle of the work is none of them."""
    asked = Message("user", (Text("variables (1):\n- df: pandas.DataFrame, 3 rows", "schema"), Text("How many rows?")))
    answer, told = Message.of("assistant", "3 rows."), Message("user", (Text("This is a fork", "schema"),))
    said = Message.of("user", "(said while you work) How many columns?")
    working = Message("assistant", (), (ToolCall("c1", "run_python", {"code": "1"}),))
    remark = Message.of("user", "(said while you work) Quickly")
    for more in ((), (working,), (working, Message.of("tool", "1", call_id="c1"), remark)):
        talk = read_conversation(Request((asked, answer, told, said, *more), ()))
        assert talk.prompt == "How many columns?" and talk.summary is not None and "3 rows" in talk.summary
        assert [call.id for call, _ in talk.done] == ["c1"] * bool(more)
    assert read_conversation(Request((asked, working, remark), ())).prompt == "How many rows?"


def test_ids_of_calls_are_unique_in_a_conversation_of_two_turns() -> None:
    """No call has the id of another, over two turns."""
    lab = Lab({"penguins": penguins()})
    lab.ask(STORY)
    ids = [call.id for call in lab.calls]
    lab.earlier = tuple(lab.messages)
    lab.ask("How many penguins are there?")
    ids += [call.id for call in lab.calls]
    assert len(ids) == len(set(ids)) == 8


def test_the_users_frame_is_never_changed() -> None:
    """After many questions the frame is what it was."""
    data = penguins()
    lab = Lab({"penguins": data})
    for question in (
        STORY,
        "monthly mean body mass",
        "share of males by species",
        "top 5 by body mass",
        "median bill depth by sex",
    ):
        lab.ask(question)
    pd.testing.assert_frame_equal(data, penguins())


def test_a_name_that_is_taken_is_not_overwritten() -> None:
    """When ``summary`` is the user's own, the table goes by another name."""
    lab = Lab({"penguins": penguins(), "summary": 42})
    lab.ask("Save the mean body mass by species to means.csv")
    assert lab.frames["summary"] == 42
    assert lab.calls[-1].arguments == {"path": "means.csv", "variable": "summary_2"}


# ---- names and values that mean harm


HOSTILE = "mass\"]; raise SystemExit  # \n'x"


def test_hostile_names_and_values_stay_data() -> None:
    """A column's name and a value full of code are quoted, and the answer is right."""
    value = "'); raise SystemExit #"
    data = pd.DataFrame({HOSTILE: [1.0, 2.0, 6.0], "kind": [value, "b", value]})
    lab = Lab({"df": data})
    assert "**3**" in lab.ask("what is the mean of mass raise SystemExit x?")
    assert "| b | 1 | 2.0 |" in lab.ask("mean of mass raise SystemExit x by kind")
    for code in lab.codes():
        names = [node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)]
        assert "SystemExit" not in names


def test_data_cannot_break_the_answers_markdown() -> None:
    """Signs of Markdown and HTML in a value are escaped in the answer."""
    data = pd.DataFrame({"kind": ["<script>", "a|b", "<script>"], "size": [1, 2, 3]})
    text = Lab({"df": data}).ask("how many rows per kind?")
    assert r"\<script\>" in text and r"a\|b" in text and "| <script>" not in text


def test_a_frame_whose_name_is_no_name_is_not_put_into_code() -> None:
    """A variable that is no identifier is not taken for a frame."""
    summary = Text('variables (1):\n- "x; import os": pandas.DataFrame, 2 rows × 1 columns\n  - a: int64', "rows")
    message = reply_to((Message("user", (Text("How many rows?"), summary)),)).message
    assert message.calls == () and "no pandas DataFrame" in message.text


# ---- corrections


def test_a_failing_call_is_corrected() -> None:
    """Numbers with stray text make the first attempt fail; the second converts, and the answer says so."""
    data = pd.DataFrame({"price": [1.5, 2.5, "n/a", 5.0], "shop": list("aabb")}, dtype=object)
    summary = "variables (1):\n- df: pandas.DataFrame, 4 rows × 2 columns\n"
    summary += "  - price: float64, 1.5 … 5.0\n  - shop: str, 2 distinct: 'a', 'b'"
    lab = Lab({"df": data})
    messages = [Message("user", (Text("average price by shop"), Text(summary, "rows")))]
    for _ in range(8):
        message = reply_to(tuple(messages)).message
        messages.append(message)
        messages += [Message.of("tool", lab._perform(call), call_id=call.id) for call in message.calls]
    final = next(message for message in messages if message.role == "assistant" and not message.calls)
    assert "| a | 2 | 2 |" in final.text and "| b | 1 | 5 |" in final.text
    assert "the first attempt failed" in final.text


def test_after_two_corrections_it_says_what_failed() -> None:
    """A call that fails three times is not tried again; the answer names the error."""
    lab = Lab(
        {"penguins": penguins()},
        spoil=lambda call, n: "error: KeyError: 'x'\nbecause\nhint" if call.name == "run_python" else None,
    )
    text = lab.ask("mean body mass by species")
    assert len(lab.codes()) == 3 and len(set(lab.codes())) > 1
    assert "in spite of 2 corrections" in text and "KeyError" in text


def test_a_column_that_is_in_the_index_is_found_at_the_second_try() -> None:
    """A KeyError leads to another approach, not to the same code again."""
    lab = Lab({"penguins": penguins()})
    lab.spoil = lambda call, n: "error: KeyError: 'species'\n\n" if call.name == "run_python" and n == 1 else None
    text = lab.ask("mean body mass by species")
    assert "| 5,076 |" in text and lab.codes()[0] != lab.codes()[1]


def test_numbers_stored_as_text_are_read_in_a_copy() -> None:
    """A column of numbers that are text is converted, and stays as it is in the user's frame."""
    data = pd.DataFrame({"price": ["1,200.50", "800", "999.5"], "town": ["A", "B", "B"]})
    lab = Lab({"sales": data})
    assert "**1,000**" in lab.ask("what is the average price?")
    assert data["price"].tolist() == ["1,200.50", "800", "999.5"]


def test_dates_stored_as_text_are_read_in_a_copy() -> None:
    """Dates that are text can be resampled."""
    days = pd.date_range("2020-01-01", periods=400).strftime("%Y-%m-%d")
    data = pd.DataFrame({"day": days, "sold": range(400)})
    text = Lab({"sales": data}).ask("yearly total of sold")
    assert f"{sum(range(366)):,}" in text and f"{sum(range(366, 400)):,}" in text


# ---- what a person decides


def test_a_denied_file_is_named_and_the_rest_is_answered() -> None:
    """When writing is denied the figures stand, and it says what was not done and why."""
    denied = "denied by policy:deny: nobody was there to approve it"
    lab = Lab({"penguins": penguins()}, spoil=answering("write_file", denied))
    text = lab.ask(STORY)
    assert "27.23" in text and "was not written" in text and "nobody was there to approve it" in text


def test_a_denied_computation_is_not_tried_again() -> None:
    """A no to running code is a no."""
    lab = Lab(
        {"penguins": penguins()},
        spoil=lambda call, n: "denied by the user: not now" if call.name == "run_python" else None,
    )
    text = lab.ask("mean body mass")
    assert len(lab.codes()) == 1 and "not now" in text and "not done" in text


def test_an_ambiguous_column_is_asked() -> None:
    """A phrase that fits two columns is asked with both as options, and the answer is used."""
    lab = Lab({"penguins": penguins()}, answers=["bill_depth_mm"])
    text = lab.ask("what is the average bill?")
    asked = next(call for call in lab.calls if call.name == "ask_user")
    assert asked.arguments["options"] == ["bill_length_mm", "bill_depth_mm"]
    assert "17.15" in text


def test_nobody_there_means_no_answer_by_guess() -> None:
    """When nobody answers it says so and stops."""
    lab = Lab({"penguins": penguins()})
    text = lab.ask("what is the average bill?")
    assert "Nobody was there to answer" in text and lab.codes() == []


def test_a_question_that_fits_two_frames_is_asked() -> None:
    """Of two frames with the same columns none is guessed."""
    lab = Lab({"north": penguins().head(10), "south": penguins().tail(20)}, answers=["south"])
    text = lab.ask("how many rows are there?")
    assert [call.name for call in lab.calls][1] == "ask_user" and "**20** rows" in text


def test_the_frame_named_in_the_question_wins() -> None:
    """No question is needed when the frame is named."""
    lab = Lab({"north": penguins().head(10), "south": penguins().tail(20)})
    assert "**10** rows" in lab.ask("how many rows does north have?")


def test_the_frame_with_the_column_wins() -> None:
    """The only frame that has the column is the one that is meant."""
    lab = Lab({"shops": pd.DataFrame({"town": ["A"], "rent": [5.0]}), "penguins": penguins()})
    assert "4,201.75" in lab.ask("average body mass")


def test_the_frame_of_an_earlier_turn_is_the_default() -> None:
    """Between two frames that fit, the one that was spoken of before is meant."""
    lab = Lab({"north": penguins().head(10), "south": penguins().tail(20)})
    lab.earlier = (Message.of("user", "describe south"), Message.of("assistant", "`south` has 20 rows."))
    assert "**20** rows" in lab.ask("how many rows are there?")


def test_a_join_that_multiplies_rows_says_so() -> None:
    """Two frames whose keys both repeat are joined when that is asked for, with the fan-out told."""
    lab = Lab({"north": penguins().head(20), "south": penguins().head(10)})
    answer = lab.ask("join north and south on species")
    assert "Fan-out" in answer
    assert "**200 after**" in answer


# ---- what it does not understand


def test_what_is_not_understood_is_said_at_once_with_a_profile() -> None:
    """The first reply says so; the answer shows a profile and how to connect a model."""
    namespace = {"penguins": penguins()}
    assert "I could not work out" in first_reply("Why are penguins cute?", namespace).text
    text = Lab(dict(namespace)).ask("Why are penguins cute?")
    assert "| species | str |" in text and "%aether model" in text and "not a language model" in text


def test_without_a_frame_it_says_how_to_load_one() -> None:
    """With no frame there is nothing to call."""
    message = first_reply("mean body mass", {"n": 5})
    assert message.calls == () and "pd.read_csv" in message.text


def test_without_a_summary_it_looks_for_itself() -> None:
    """A request that shows no namespace makes it list the variables."""
    message = reply_to((Message.of("user", "how many rows?"),)).message
    assert [call.name for call in message.calls] == ["list_variables"]


def test_values_that_no_summary_lists_are_looked_up() -> None:
    """A name among too many values to be listed is found in the data."""
    data = pd.DataFrame({"country": [f"Land {n}" for n in range(40)] + ["South Korea"], "pop": range(41)})
    assert "**40**" in Lab({"world": data}).ask("what is the population of South Korea?")


def test_a_misspelt_column_is_understood_and_told() -> None:
    """A misspelling is corrected openly."""
    text = Lab({"penguins": penguins()}).ask("average flipper lenght")
    assert "200.92" in text and "I read" in text


@pytest.mark.parametrize(
    ("question", "drawn"),
    [
        ("histogram of body mass", "hist"),
        ("scatter plot of bill length against bill depth coloured by species", "scatter"),
        ("box plot of flipper length by species", "boxplot"),
        ("bar chart of the mean body mass by species", "plot.bar"),
        ("heat map of the correlations", "imshow"),
        ("plot flipper length against body mass", "scatter"),
    ],
)
def test_pictures_are_drawn(question: str, drawn: str) -> None:
    """Each kind of picture is drawn by code that runs."""
    lab = Lab({"penguins": penguins()})
    text = lab.ask(question)
    assert "Note:" not in text
    assert drawn in lab.codes()[-1]
    assert not {"ax", "group", "points", "boxes", "matrix", "values"} & set(lab.frames)


def test_a_line_is_drawn_over_time() -> None:
    """A line chart takes the column of dates as its axis."""
    data = pd.DataFrame({"date": pd.date_range("2020-01-01", periods=30), "price": range(30)})
    lab = Lab({"stock": data})
    assert lab.ask("line chart of price") == "A line chart of date and price."
    assert "plt.plot(stock.sort_values('date')['date'], stock.sort_values('date')['price'])" in lab.codes()[-1]


def test_the_lab_reports_as_the_real_tools_do() -> None:
    """The results that these tests feed back have the sections of the real tool."""
    assert run_code("import pandas as pd\nprint('a: 1')\npd.Series({'rows': 3})", {}) == (
        "[stdout]\na: 1\n[value] Series, 1 rows, as CSV:\n,0\nrows,3"
    )


def test_a_table_of_an_earlier_turn_does_not_make_the_next_question_ambiguous() -> None:
    """What the analyst itself left in the namespace is not taken for the user's frame."""
    lab = Lab({"penguins": penguins()})
    lab.ask(STORY)
    lab.ask("how many penguins on Dream weigh more than 4000 g?")
    lab.earlier = tuple(lab.messages)
    lab.frames = {name: value for name, value in lab.frames.items() if isinstance(value, pd.DataFrame)}
    assert set(lab._visible()) == {"penguins", "summary"}
    assert "**344** rows" in lab.ask("how many rows are there?")
    assert "27.23" in lab.ask(STORY) and "summary_2" in lab.frames


def test_every_name_it_assigns_is_free() -> None:
    """None of the user's own names is overwritten by any code, loops and imports included."""
    taken = {
        name: f"mine {name}"
        for name in "selection data groups values ax points group boxes matrix stats test samples summary".split()
    }
    lab = Lab({"penguins": penguins(), **taken})
    for question in (
        STORY,
        "heat map",
        "histogram of body mass by species",
        "scatter of bill length and bill depth coloured by sex",
        "median mass on Dream by sex",
        "share of males by island",
        "outliers in body mass",
        "top 3 by body mass",
    ):
        lab.ask(question)
        assert {name: lab.frames[name] for name in taken} == taken, question
