"""Every question of the held-out set."""

from __future__ import annotations

from questions.question import Question
from questions.sets import (
    barley,
    cars,
    changes,
    economy,
    flowers,
    hostile,
    joins,
    market,
    penguins,
    seattle,
    sql,
    stocks,
    survey,
)

__all__ = ["QUESTIONS"]

QUESTIONS: tuple[Question, ...] = (
    *penguins.QUESTIONS,
    *cars.QUESTIONS,
    *seattle.QUESTIONS,
    *stocks.QUESTIONS,
    *barley.QUESTIONS,
    *flowers.QUESTIONS,
    *survey.QUESTIONS,
    *economy.QUESTIONS,
    *market.QUESTIONS,
    *hostile.QUESTIONS,
    *joins.QUESTIONS,
    *sql.QUESTIONS,
    *changes.QUESTIONS,
)
