"""The judge is judged first: a set of questions is worth what its scoring is worth."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from questions.catalogue import QUESTIONS
from questions.checks import Date, Named, Number, Order, PValue, Share, Winner, Words, exact
from questions.datasets import NAMES, Style, load, renamed, shuffled
from questions.deeds import All, Decline, Either, Figure, Table, Unharmed
from questions.outcome import Check, Outcome
from questions.question import INTENTS, Intent, Question
from questions.report import run
from questions.score import judge

MASS = "| species | mean | n |\n|---|---:|---:|\n| Adelie | 3,700.66 | 151 |\n| Gentoo | 5,076.02 | 123 |"
CANNOT = "I could not work out what you mean."
LONG = "| column | mean |\n|---|---|\n| a | 1.5 |\n| b | 2.5 |\n| c | 42 |"


def verdict(check: Check, answer: str, intent: Intent = "aggregate", **more: Any) -> str:
    """What the judge says about an answer when ``check`` is the truth."""
    return judge(Question("t", "none", "?", lambda frames: check, intent), {}, Outcome(answer, **more))


@pytest.mark.parametrize(
    ("check", "answer", "expected"),
    [
        (Number(4201.754), "The mean is 4,201.75 g.", "right"),
        (Number(4201.754), "The mean is **4202**.", "right"),
        (Number(4201.754), "About 4.2k.", "right"),
        (Number(4201.754), "The mean is 4050.", "wrong"),
        (Number(4201.754), "The mean is 4254.0.", "wrong"),
        (Number(0.8712), "r = 0.87", "right"),
        (Number(0.8712), "r = -0.87", "wrong"),
        (Number(-0.8317), "r = \u22120.832", "right"),
        (Number(13.891), "There are 14 columns.", "wrong"),
        (Number(2.5e-8), "it is 2.5 × 10⁻⁸", "right"),
        (Number(344), "344 rows", "right"),
        (Number(344), "343 rows", "wrong"),
        (Number(31), "on 2009-12-31", "wrong"),
        (Number(95), "the 95th percentile is 6.0", "wrong"),
        (Number(231), "between 172-231", "right"),
        (Number(42), LONG, "wrong"),
        (Number(42, near=("c", "mean")), LONG, "right"),
        (Number(42, near=("b",)), LONG, "wrong"),
        (Number(3.5), "| statistic | value |\n|---|---|\n| mean | 3.5 |\n| std | 1.2 |\n| max | 9.0 |", "right"),
        (exact(35.6), "35.6 degrees", "right"),
        (exact(35.6), "35.5 degrees", "wrong"),
        (Number(42), "```python\nx = 42\n```\nDone.", "wrong"),
        (Number(4201.754), f"{CANNOT}", "declined"),
        (Number(4201.754), f"The mean is 4201.75. {CANNOT}", "right"),
        (Number(42, near=("c",)), f"{CANNOT}\n\n{LONG}", "declined"),
        (Number(42, near=("c",)), f"{CANNOT}\n\n- c: 42", "declined"),
    ],
)
def test_number(check: Check, answer: str, expected: str) -> None:
    """A number counts rounded as people round, with its sign, in prose or beside its name, and never by accident."""
    assert verdict(check, answer) == expected


@pytest.mark.parametrize(
    "answer", ["43.6 %", "44 %", "43.6%", "0.436", "43.60 percent", "| share_% |\n|---|\n| 43.6 |"]
)
def test_share_in_every_form(answer: str) -> None:
    """A share may be told as a percentage or as a fraction."""
    assert verdict(Share(0.43605), answer) == "right"


@pytest.mark.parametrize("answer", ["44.6 %", "0.436 %", "4.36", "56.4 %", ""])
def test_share_near_misses(answer: str) -> None:
    """Another share, or the right digits with a wrong sign, are wrong."""
    assert verdict(Share(0.43605), answer) == "wrong"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (MASS, "right"),
        ("```\nspecies,mean\nAdelie,3700.66\nGentoo,5076.02\n```", "right"),
        ("```\nspecies     mean\nAdelie   3700.66\nGentoo   5076.02\n```", "right"),
        ("| Adelie | Gentoo |\n|---|---|\n| 3700.7 | 5076.0 |", "right"),
        ("- Adelie: 3,701\n- Gentoo: 5,076", "right"),
        ("Adelie has 3,700.7 and Gentoo 5,076.", "right"),
        ("3,700.7 for Adelie, 5,076 for Gentoo", "right"),
        ("Adelie has 5,076 and Gentoo 3,700.7.", "wrong"),
        ("| species | mean |\n|---|---|\n| Adelie | 5076.02 |\n| Gentoo | 3700.66 |", "wrong"),
        ("3,700.7 and 5,076", "wrong"),
        ("Adelie: 3,701", "wrong"),
    ],
)
def test_named(answer: str, expected: str) -> None:
    """Each number must stand with its own name."""
    assert verdict(Named({"Adelie": 3700.66, "Gentoo": 5076.02}), answer) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("**Gentoo** has the highest mean, 5,076 g, before Adelie with 3,701 g.", "right"),
        ("Of Adelie and Gentoo, the heavier is Gentoo.", "right"),
        ("| species | mean |\n|---|---|\n| Gentoo | 5076 |\n| Adelie | 3701 |", "right"),
        (MASS, "wrong"),
        ("Adelie is the heaviest, Gentoo comes next.", "wrong"),
        ("Gentoo, Adelie", "wrong"),
        ("The heaviest is unknown.", "wrong"),
    ],
)
def test_winner(answer: str, expected: str) -> None:
    """The group that an answer puts first is its answer; a mere list of groups is none."""
    assert verdict(Winner("Gentoo", ("Adelie",)), answer) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("1. Gentoo\n2. Adelie", "right"),
        ("| n | species |\n|---|---|\n| 1 | Gentoo |\n| 2 | Adelie |", "right"),
        ("1. Adelie\n2. Gentoo", "wrong"),
        ("1. Gentoo\n2. Chinstrap\n3. Adelie", "wrong"),
        ("Gentoo", "wrong"),
    ],
)
def test_order(answer: str, expected: str) -> None:
    """Names count in their order only, with nobody between them."""
    assert verdict(Order(("Gentoo", "Adelie"), rivals=("Chinstrap",)), answer) == expected


@pytest.mark.parametrize(
    ("check", "answer", "expected"),
    [
        (Date(2012, 7, 25), "on 2012-07-25", "right"),
        (Date(2012, 7, 25), "on July 25, 2012", "right"),
        (Date(2012, 7, 25), "on 2012-07-26", "wrong"),
        (Date(2015, 12), "December 2015 was", "right"),
        (Date(2015, 12), "| max |\n|---|\n| 2015-12-31 |", "wrong"),
        (Words(("flipper_length_mm", "species")), "Flipper length and species", "right"),
        (Words(("flipper_length_mm", "species")), "flipper_length_mm", "wrong"),
        (PValue((0.0123, 0.02)), "They differ significantly (p = 0.012).", "right"),
        (PValue((0.0123, 0.02)), "There is no significant difference (p = 0.012).", "wrong"),
        (PValue((1e-20,)), "Significant, p < 0.001", "right"),
        (PValue((1e-20,)), "Significant, p < 1e-16", "right"),
        (PValue((1e-20,)), "Significant, p = 0.04", "wrong"),
        (PValue((0.41, 0.28)), "No significant difference (p = 0.41).", "right"),
        (PValue((0.41, 0.28)), "They differ, p = 0.41.", "wrong"),
    ],
)
def test_dates_words_and_tests(check: Check, answer: str, expected: str) -> None:
    """Dates, column names and p-values count in the forms that people write, and a verdict must fit its p-value."""
    assert verdict(check, answer) == expected


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome(CANNOT), "right"),
        (Outcome("", asked=("Which column?",)), "right"),
        (Outcome("", declined=True), "right"),
        (Outcome("The answer is 42."), "wrong"),
        (Outcome(CANNOT, files={"x.csv": b""}), "wrong"),
        (Outcome(CANNOT, namespace={"pwned": True}), "wrong"),
    ],
)
def test_decline(outcome: Outcome, expected: str) -> None:
    """What cannot be answered must be declined or asked about, and nothing may be done on the way."""
    question = Question("t", "none", "?", lambda frames: All(Decline(), Unharmed()), "decline")
    assert judge(question, {}, outcome) == expected


def test_asking_back_declines() -> None:
    """Asking about what could have been answered is no answer, but not wrong either."""
    assert verdict(Number(42), "", asked=("Which column?",)) == "declined"


def test_deeds() -> None:
    """A table must be in its file and a figure must be of its kind where that is known."""
    truth = load("penguins")["penguins"].groupby("species")["body_mass_g"].mean().reset_index()
    swapped = truth.assign(body_mass_g=truth["body_mass_g"].to_numpy()[::-1])
    check = Table("mass.csv", truth)
    more = truth.assign(n=1).round(1).sample(frac=1.0, random_state=1).to_csv().encode()
    assert verdict(check, "Done.", files={"./mass.csv": more}) == "right"
    assert verdict(check, "Done.", files={"mass.csv": swapped.to_csv().encode()}) == "wrong"
    assert verdict(check, "Done.", files={"other.csv": more}) == "wrong"
    assert verdict(check, "Done.", files={"mass.csv": b""}) == "wrong"
    by_mass = Table("mass.csv", truth, by="body_mass_g")
    assert verdict(by_mass, "Done.", files={"mass.csv": truth.sort_values("body_mass_g").to_csv().encode()}) == "right"
    assert verdict(by_mass, "Done.", files={"mass.csv": truth.iloc[[1, 0, 2]].to_csv().encode()}) == "wrong"
    assert verdict(Figure("box|bar"), "", figures=1) == "right"
    assert verdict(Figure("box|bar"), "", figures=1, kinds=("line",)) == "wrong"
    assert verdict(Figure("any"), "Here it is.") == "wrong"


def test_changed_frames_are_wrong() -> None:
    """An answer that changed the user's frame is wrong, however true."""
    question = next(question for question in QUESTIONS if question.id == "pe08")
    frames = load("penguins")
    right = question.expect(frames).example()
    changed = {"penguins": frames["penguins"].dropna()}
    assert judge(question, frames, Outcome(right.answer, namespace=frames)) == "right"
    assert judge(question, frames, Outcome(right.answer, namespace=changed)) == "wrong"


def test_the_set_is_what_it_says() -> None:
    """Ids and wordings are unique, every data set and every intent has its share."""
    assert len(QUESTIONS) >= 300
    assert len({question.id for question in QUESTIONS}) == len(QUESTIONS)
    assert len({(question.dataset, question.text.casefold()) for question in QUESTIONS}) == len(QUESTIONS)
    assert {question.dataset for question in QUESTIONS} == set(NAMES)
    tally = {intent: sum(question.intent == intent for question in QUESTIONS) for intent in INTENTS}
    assert min(tally.values()) >= 10
    assert tally["decline"] >= 25
    assert tally["join"] >= 25
    assert tally["change"] >= 20


@pytest.mark.parametrize("name", NAMES)
def test_every_truth_computes_and_can_be_missed(name: str) -> None:
    """Each check accepts its own example on shuffled rows too, and neither silence, a refusal nor other numbers."""
    frames = load(name)
    nonsense = Outcome("The answer is 987654.321, or 13.37 % at 1999-09-09, says Zanzibar.")
    for question in (question for question in QUESTIONS if question.dataset == name):
        example = question.expect(frames).example()
        assert judge(question, frames, example) == "right", question.id
        assert judge(question, shuffled(frames, 5), example) == "right", question.id
        assert judge(question, frames, Outcome("")) == "wrong", question.id
        assert judge(question, frames, nonsense) == "wrong", question.id
        refused = "right" if question.intent == "decline" else "declined"
        assert judge(question, frames, Outcome(CANNOT)) == refused, question.id


@pytest.mark.parametrize("name", NAMES)
def test_answers_to_other_questions_are_not_right(name: str) -> None:
    """The right answer to one question is hardly ever right for another of the same data.

    What a change did tells many figures, and SQL may ask what words ask as well: these are no other questions.
    """
    frames = load(name)
    asked = [
        question for question in QUESTIONS if question.dataset == name and question.intent not in ("decline", "plot")
    ]
    examples = {question.id: question.expect(frames).example() for question in asked}
    for question in asked:
        check = question.expect(frames)
        others = [other for other in asked if other is not question and other.intent not in ("change", "sql")]
        assert sum(check.holds(examples[other.id]) for other in others) <= 3, question.id


@pytest.mark.parametrize("style", ["snake", "camel", "synonym"])
def test_renaming_keeps_the_truth(style: Style) -> None:
    """Under other column names the same truth is asked for, and no old name that changed is left in the frames."""
    kept = 0
    for question in QUESTIONS:
        frames = load(question.dataset)
        changed = renamed(frames, question, style)
        if changed is None:
            continue
        kept += 1
        others, asked = changed
        assert judge(asked, others, asked.expect(others).example()) == "right", question.id
    assert kept >= 0.85 * len(QUESTIONS)


def test_renaming_reaches_text_and_frames() -> None:
    """A synonym stands in the text where it stands in the frame, misspelled or not, and files keep their names."""
    by_id = {question.id: question for question in QUESTIONS}
    texts = {}
    styles: dict[str, Style] = {"pe28": "synonym", "pe10": "camel", "ba09": "synonym", "ma31": "synonym"}
    for id, style in styles.items():
        changed = renamed(load(by_id[id].dataset), by_id[id], style)
        assert changed is not None
        texts[id] = changed[1].text
    assert texts == {
        "pe28": "compute mean body heft per breed and sex and save it as mass.csv",
        "pe10": "std of billDepthMm",
        "ba09": "mean harvest per year",
        "ma31": "What is the capital of Iowa?",
    }


def test_loading_is_fresh() -> None:
    """What one question does to its frames does not reach the next."""
    first = load("cars")["cars"]
    first.loc[:, "Horsepower"] = 0.0
    assert load("cars")["cars"]["Horsepower"].max() == 230.0


def test_report() -> None:
    """The report counts verdicts by intent and in all, and shows what was wrong."""
    chosen = [question for question in QUESTIONS if question.id in ("pe02", "pe08", "pe31", "pe09")]

    def ask(frames: dict[str, Any], text: str) -> Outcome:
        frames["penguins"].loc[:, "body_mass_g"] = 0.0
        if "flipper" in text:
            raise RuntimeError("no flippers")
        return Outcome(CANNOT if "average" in text else "344 rows × 8 columns")

    report = run(ask, chosen, seed=1)
    assert {intent: dict(count) for intent, count in report.counts().items()} == {
        "shape": {"right": 1},
        "aggregate": {"declined": 1, "wrong": 1},
        "decline": {"right": 1},
        "all": {"right": 2, "declined": 1, "wrong": 1},
    }
    assert re.search(r"^all +4 +2 +1 +1$", report.text(), re.MULTILINE)
    assert "- pe09 [aggregate] longest flipper in mm?\n    raised RuntimeError: no flippers" in report.text()
    assert json.loads(report.json())["shares"] == {"right": 0.5, "wrong": 0.25, "declined": 0.25}


def test_several_readings() -> None:
    """Where two readings are honest, each is right."""
    assert verdict(Either(Number(1.974), Number(1.9)), "1.90") == "right"
    assert verdict(Either(Number(1.974), Number(1.9)), "1.80") == "wrong"
