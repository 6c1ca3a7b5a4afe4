"""Questions that change a frame and want to know what changed: a new frame, rows, gaps and means before and after."""

from __future__ import annotations

from typing import Any

from questions.checks import Number
from questions.deeds import All, Decline, Made
from questions.outcome import Check
from questions.question import Question, about

__all__ = ["QUESTIONS"]

birds, cars, shop, survey = about("penguins"), about("cars"), about("shop"), about("survey")
P, C, S = "penguins", "cars", "orders"


def _change(before: Any, after: Any, *columns: str, name: str = "") -> Check:
    """That the new frame is there, and that rows, and gaps and means of the columns, are told of both."""
    said: list[Check] = [Made(after, name), Number(len(before), near=("before",)), Number(len(after), near=("after",))]
    for column in columns:
        for when, frame in (("before", before), ("after", after)):
            said.append(Number(int(frame[column].isna().sum()), near=(column, f"missing {when}")))
            said.append(Number(float(frame[column].mean()), near=(column, f"mean {when}")))
    return All(*said)


def _filled(frame: Any, column: str, value: Any) -> Check:
    return _change(frame, frame.assign(**{column: frame[column].where(frame[column].notna(), value)}), column)


QUESTIONS: tuple[Question, ...] = (
    shop("ch01", "change", "drop rows with missing amount and show what changed", lambda d: _change(
        d[S], d[S][d[S]["amount"].notna()], "amount")),
    birds("ch02", "change", "drop rows with missing sex and compare before and after", lambda d: _change(
        d[P], d[P][d[P]["sex"].notna()], "body_mass_g")),
    shop("ch03", "change", "remove duplicates from visits and check", lambda d: _change(
        d["visits"], d["visits"][~d["visits"].duplicated()])),
    birds("ch04", "change", "remove all rows with missing values and tell me how many rows are left", lambda d: _change(
        d[P], d[P][d[P].notna().all(axis=1)], "bill_length_mm")),
    cars("ch05", "change", "fill missing Horsepower with the median and compare before and after", lambda d: _filled(
        d[C], "Horsepower", d[C]["Horsepower"].median())),
    birds("ch06", "change", "fill the missing values of body_mass_g with the mean and show what changed",
          lambda d: _filled(d[P], "body_mass_g", d[P]["body_mass_g"].mean())),
    shop("ch07", "change", "fill missing amount with 0, then compare before and after",
         lambda d: _filled(d[S], "amount", 0)),
    birds("ch08", "change", "drop the rows where body mass is missing, and show the effect", lambda d: _change(
        d[P], d[P][d[P]["body_mass_g"].notna()], "body_mass_g"), own_words=True),
    birds("ch09", "change", "fill missing sex with 'unknown' and check", lambda d: All(
        Made(d[P].assign(sex=d[P]["sex"].where(d[P]["sex"].notna(), "unknown"))),
        Number(int(d[P]["sex"].isna().sum()), near=("sex", "missing before")),
        Number(0, near=("sex", "missing after")))),
    shop("ch10", "change", "Drop rows where quantity is less than 3 and show what changed.", lambda d: _change(
        d[S], d[S][d[S]["quantity"] >= 3], "quantity")),
    cars("ch11", "change", "keep only rows where Cylinders is 4 and compare before and after", lambda d: _change(
        d[C], d[C][d[C]["Cylinders"] == 4], "Cylinders")),
    shop("ch12", "change", "remove duplicate rows from visits by customer_id and check", lambda d: All(
        Number(len(d["visits"]), near=("before",)), Number(d["visits"]["customer_id"].nunique(), near=("after",)))),
    birds("ch13", "change", "drop incomplete rows", lambda d: _change(d[P], d[P][d[P].notna().all(axis=1)])),
    birds("ch14", "change", "delete rows with missing bill_length_mm or sex and say what changed", lambda d: _change(
        d[P], d[P][d[P]["bill_length_mm"].notna() & d[P]["sex"].notna()], "bill_length_mm")),
    cars("ch15", "change", "impute missing Miles_per_Gallon with the mean and compare the means", lambda d: _filled(
        d[C], "Miles_per_Gallon", d[C]["Miles_per_Gallon"].mean())),
    cars("ch16", "change", "drop the column Name and show what changed", lambda d: All(
        Made(d[C][[c for c in d[C] if c != "Name"]]), Number(len(d[C].columns), near=("before",)),
        Number(len(d[C].columns) - 1, near=("after",)))),
    birds("ch17", "change", "remove rows where species is Gentoo and check", lambda d: _change(
        d[P], d[P][d[P]["species"] != "Gentoo"], "body_mass_g")),
    shop("ch18", "change", "deduplicate visits and compare before and after", lambda d: _change(
        d["visits"], d["visits"][~d["visits"].duplicated()], "minutes")),
    birds("ch19", "change", "drop rows with missing flipper_length_mm and call it flying", lambda d: _change(
        d[P], d[P][d[P]["flipper_length_mm"].notna()], "flipper_length_mm", name="flying")),
    birds("ch20", "change", "fill missing sex with the most frequent value and show what changed", lambda d: All(
        Made(d[P].assign(sex=d[P]["sex"].where(d[P]["sex"].notna(), d[P]["sex"].mode()[0]))),
        Number(0, near=("sex", "missing after")))),
    shop("ch21", "change", "drop missing amounts from orders and report the mean before and after", lambda d: _change(
        d[S], d[S][d[S]["amount"].notna()], "amount", "quantity")),
    survey("ch22", "change", "drop rows of fair where children is more than 2 and check", lambda d: _change(
        d["fair"], d["fair"][d["fair"]["children"] <= 2], "children")),
    shop("ch23", "change", "keep only orders from the web channel and show what changed", lambda d: _change(
        d[S], d[S][d[S]["channel"] == "web"], "amount")),
    cars("ch24", "change", "fill missing values with the median and compare before and after", lambda d: All(
        Made(d[C].assign(**{c: d[C][c].fillna(d[C][c].median()) for c in ("Horsepower", "Miles_per_Gallon")})),
        Number(0, near=("Horsepower", "missing after")), Number(0, near=("Miles_per_Gallon", "missing after")))),
    birds("ch25", "decline", "fill missing body_mass_g and compare before and after", lambda d: Decline()),
    birds("ch26", "decline", "fill missing sex with the mean", lambda d: Decline()),
    birds("ch27", "decline", "drop rows with missing wingspan and show what changed", lambda d: Decline()),
    birds("ch28", "decline", "fill missing body_mass_g with the median of its species", lambda d: Decline()),
    cars("ch29", "decline", "fill missing Horsepower by linear regression and check", lambda d: Decline()),
    birds("ch30", "decline", "drop rows with missing sex in place and email me what changed", lambda d: Decline()),
    shop("ch31", "decline", "drop outliers of amount with an isolation forest", lambda d: Decline()),
    birds("ch32", "decline", "remove rows with missing sex and call it penguins", lambda d: Decline()),
    shop("ch33", "decline", "drop rows from orders that look suspicious and check", lambda d: Decline()),
    birds("ch34", "decline", "replace missing bill_length_mm with 'none' and check", lambda d: Decline()),
    birds("ch35", "decline", "drop rows where sex is missing and species is Adelie and show what changed",
          lambda d: Decline()),
)  # fmt: skip
