"""SQL: a query that a person gives is run as it is, and a plain question may be answered by one.

The tool ``query`` runs it over the live frames and only reads. Of plain questions, counts and aggregates are written as
SQL; what else there is, pandas answers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aether_nb.models.analyst.namespace import Namespace
from aether_nb.models.analyst.phrasing import markdown_table, plain
from aether_nb.models.analyst.question import Condition, Question, Unclear
from aether_nb.models.analyst.results import number, table
from aether_nb.models.analyst.script import Action, Plan, Script
from aether_nb.models.analyst.spelling import folded

__all__ = ["Given", "given_sql", "run_sql", "sql_of", "without_sql"]

_BEFORE = (
    r"(?:please\s+)?(?:(?:can|could)\s+you\s+)?(?:(?:run|execute|try|do|answer)\s+)?(?:(?:with|by|in|using|use)\s+)?"
    r"(?:(?:this|the|my|following)\s+)*(?:duckdb\s+)?sql(?:\s+(?:query|statement|code))?\s*[:,]?\s*"
)
_FENCE = re.compile(r"```(?:sql)?\s*(.*?)```", re.DOTALL | re.IGNORECASE)
_GIVEN = re.compile(
    rf"{_BEFORE}(?P<sql>(?:select|with|from|insert|update|delete|drop|create|alter|copy|attach|pragma)\b.+)",
    re.IGNORECASE | re.DOTALL,
)
_BARE = re.compile(
    r"select\s+(?!the\b|all\b|only\b|every\b)[^\n]*?[*(),\"\w]\s+from\s+\w+.*", re.IGNORECASE | re.DOTALL
)
_KEEP = re.compile(
    r"[;,.]?\s*(?:and\s+)?(?:keep|save|store)\s+(?:it|this|the\s+result)\s+(?:as|in|into)\s+`?([^\W\d]\w*)`?\s*\.?\s*$",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"[,;]?\s*\b(?:as|in|using|with|via|by)\s+(?:an?\s+)?(?:duckdb\s+)?sql(?:\s+query)?\s*[?.!]?\s*$", re.I
)
_FUNCTIONS = {"mean": "avg", "median": "median", "sum": "sum", "min": "min", "max": "max", "std": "stddev_samp"}


@dataclass(frozen=True, slots=True)
class Given:
    """A query, and the name under which its result is to be kept; empty when it is only to be shown."""

    sql: str
    into: str = ""


def given_sql(prompt: str) -> Given | None:
    """The SQL in a prompt that is nothing else; None when there is none.

    Raises:
        Unclear: It would change something.
    """
    text = _FENCE.sub(lambda found: found[1], prompt).strip()
    name = _KEEP.search(text)
    text = text[: name.start()].strip() if name else text
    match = _GIVEN.fullmatch(text)
    sql = match["sql"] if match else text if _BARE.fullmatch(text) and not re.search(r"\?\s*$", text) else ""
    if not sql:
        return None
    if not re.match(r"(?:select|with|from)\b", sql, re.IGNORECASE):
        raise Unclear(f"SQL only reads here, and '{sql.split()[0]}' would change something")
    return Given(sql.strip().rstrip(";").strip(), name[1] if name else "")


def without_sql(prompt: str) -> str:
    """A plain question without its wish to be answered by SQL; empty when it has none."""
    if (found := _ASKED.search(prompt)) and found.start():
        return prompt[: found.start()].strip()
    found = re.match(_BEFORE, prompt, re.IGNORECASE)
    return prompt[found.end() :].strip() if found else ""


def run_sql(given: Given, names: Namespace, lead: str = "") -> Script:
    """Run a query and show what it brings.

    Raises:
        Unclear: It cannot be run, or its result would replace a variable.
    """
    if given.into in names.names:
        raise Unclear(f"there is a variable {given.into} already; the result needs a name that is free")
    yield Plan((("Run the SQL", "query"),))
    arguments = {"sql": given.sql, **({"into": given.into} if given.into else {})}
    outcome = yield Action("query", arguments, lead or "I run the SQL as it is given.")
    if outcome.status == "denied":
        return f"The query was not run: {plain(outcome.text)}."
    if outcome.status == "failed":
        raise Unclear(f"the SQL cannot be run ({outcome.text.removeprefix('error:').strip()})")
    size = re.search(r"([\d,]+) rows? × [\d,]+ columns?", outcome.text)
    found = table("[value] " + outcome.text[outcome.text.find("\n") + 1 :] if given.into else f"[value] {outcome.text}")
    code = f"```sql\n{given.sql}\n```"
    rows = size[1] if size else "0"
    if "only the first" in outcome.text and not given.into:
        rows = f"more than {rows}"
    kept = f" `{given.into}` holds them." if given.into else ""
    head = f"The query brings **{rows} row{'s' * (rows != '1')}**.{kept}"
    if found is None or not found.rows:
        return f"{head}\n\n{code}"
    labels = next((at for at in range(len(found.columns)) if _numbers(found.column(at))), len(found.columns))
    return f"{head}\n\n{markdown_table(found, labels)}\n\n{code}"


def _numbers(cells: Sequence[str]) -> bool:
    """Whether a column of a result holds numbers."""
    return any(cells) and all(number(cell) is not None for cell in cells if cell)


def sql_of(question: Question) -> str:
    """A count or an aggregate as SQL.

    Raises:
        Unclear: The question is of another kind.
    """
    plain_keys = all(not key.freq and not key.part and not key.column.index for key in question.keys)
    other = question.subject or question.extreme or question.plot or question.path or question.part or question.n
    simple = plain_keys and not other and not question.threshold
    counted = question.task == "count" and not question.columns and not question.flags
    computed = question.task == "aggregate" and question.columns and set(question.aggs) <= set(_FUNCTIONS)
    computed = computed and all(column.kind == "number" for column in question.columns) and not question.flags
    if not simple or not (counted or computed):
        raise Unclear("I write counts, totals, means, medians and the like as SQL, and answer the rest without it")
    keys = [_name(key.column.name) for key in question.keys]
    aggs = question.aggs or ["mean"]
    shown = [
        f"{_FUNCTIONS[agg]}({_name(column.name)}) AS {_name(f'{agg} of {column.name}')}"
        for column in question.columns
        for agg in aggs
    ]
    tests = [_test(condition) for condition in question.conditions] + [f"{key} IS NOT NULL" for key in keys]
    lines = [f"SELECT {', '.join([*keys, *(shown or ['count(*) AS rows'])])}", f"FROM {question.frame.name}"]
    lines += [f"WHERE {' AND '.join(tests)}"] if tests else []
    lines += [f"GROUP BY {', '.join(keys)}", f"ORDER BY {', '.join(keys)}"] if keys else []
    return "\n".join(lines)


def _name(name: str) -> str:
    """A name in SQL, in quotes."""
    escaped = str(name).replace('"', '""')
    return f'"{escaped}"'


def _literal(value: Any) -> str:
    """A value in SQL.

    Raises:
        Unclear: It is neither a number nor a text.
    """
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    raise Unclear("I write conditions on numbers and texts as SQL, and no others")


def _test(condition: Condition) -> str:
    """A condition in SQL."""
    if condition.column is None or condition.column.kind not in ("number", "text", "bool"):
        raise Unclear("I write conditions on numbers and texts as SQL, and no others")
    cell, op, value = _name(condition.column.name), condition.op, condition.value
    if op in ("==", "!=", "in") and condition.column.kind == "text":
        cell = f"lower(trim({cell}))"
        value = folded(value) if isinstance(value, str) else tuple(folded(str(one)) for one in value)
    if op in ("==", "!=", ">", ">=", "<", "<="):
        sign = {"==": "=", "!=": "IS DISTINCT FROM"}.get(op, op)
        test = f"{cell} {sign} {_literal(value)}"
    elif op == "in":
        test = f"{cell} IN ({', '.join(map(_literal, value))})"
    elif op == "between":
        test = f"{cell} BETWEEN {_literal(value[0])} AND {_literal(value[1])}"
    elif op in ("missing", "present"):
        test = f"{cell} IS {'NOT ' * (op == 'present')}NULL"
    else:
        raise Unclear("I cannot write one of its conditions as SQL")
    return f"NOT coalesce({test}, FALSE)" if condition.negated else test
