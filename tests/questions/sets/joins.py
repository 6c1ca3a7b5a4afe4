"""Questions that need two frames of a shop: joins in words, joins that are implied, and joins that would be wrong.

The truths are looked up by dictionaries and counted, not merged, where that is possible.
"""

from __future__ import annotations

from typing import Any

from questions.checks import Named, Number, Winner, Words
from questions.deeds import All, Decline, Figure, Made, Table
from questions.outcome import Check
from questions.question import Data, Question, about

__all__ = ["QUESTIONS"]

ask = about("shop")
AFTER = "after|rows|joined"
LOST = "lost|no match|dropped|without"


def _with(frame: Any, other: Any, key: str, *columns: str) -> Any:
    """The frame with columns of another, looked up by its key; a key that is not there gives nothing."""
    found = {column: dict(zip(other[key], other[column], strict=True)) for column in columns}
    return frame.assign(**{column: frame[key].map(values) for column, values in found.items()})


def _sold(d: Data) -> Any:
    """Orders with what customers and products say of them."""
    orders = _with(d["orders"], d["customers"], "customer_id", "region", "segment", "credit_limit")
    return _with(orders, d["products"], "product_id", "category", "cost")


def _inner(d: Data) -> Any:
    """Orders whose customer is known."""
    sold = _with(d["orders"], d["customers"], "customer_id", "region", "segment", "credit_limit")
    return sold[sold["region"].notna()]


def _pairs(left: Any, right: Any, key: str) -> int:
    """How many rows an inner join makes."""
    counts = right[key].value_counts()
    return int(left[key].map(counts).fillna(0).sum())


def _alone(left: Any, right: Any, key: str) -> int:
    """How many rows of the left find no partner."""
    return int((~left[key].isin(set(right[key]))).sum())


def _joined(d: Data, left: str, right: str, key: str) -> Check:
    """That an inner join was told honestly: rows before, rows after, rows lost, and a fan-out by its name."""
    one, two = d[left], d[right]
    rows = _pairs(one, two, key)
    said: list[Check] = [Number(len(one), near=(left,)), Number(len(two), near=(right,)), Number(rows, near=(AFTER,))]
    for name, this, other in ((left, one, two), (right, two, one)):
        if lost := _alone(this, other, key):
            said.append(Number(lost, near=(LOST, name)))
    if one[key].duplicated().any() and two[key].duplicated().any():
        said.append(Words(("fan-out|multiplied|multiplies",)))
    return All(*said)


def _by(frame: Any, key: str, value: str, how: str) -> Named:
    found = frame.groupby(key)[value].agg(how)
    whole = how in ("count", "size")
    return Named({str(name): int(number) if whole else float(number) for name, number in found.items()})


def _most(frame: Any, key: str, value: str, how: str) -> Winner:
    found = frame.groupby(key)[value].agg(how).sort_values(ascending=False)
    return Winner(str(found.index[0]), tuple(map(str, found.index[1:])))


QUESTIONS: tuple[Question, ...] = (
    ask("jo01", "join", "join orders and customers on customer_id", lambda d: All(
        _joined(d, "orders", "customers", "customer_id"), Made(_inner(d)))),
    ask("jo02", "join", "merge orders with products on product_id and tell me the row counts",
        lambda d: _joined(d, "orders", "products", "product_id")),
    ask("jo03", "join", "join visits and orders on customer_id",
        lambda d: _joined(d, "visits", "orders", "customer_id")),
    ask("jo04", "join", "Left join orders with customers on customer_id.", lambda d: All(
        Number(len(d["orders"]), near=(AFTER,)), Number(_alone(d["orders"], d["customers"], "customer_id")),
        Made(_with(d["orders"], d["customers"], "customer_id", "region", "segment")))),
    ask("jo05", "join", "please combine customers and managers by region",
        lambda d: _joined(d, "customers", "managers", "region")),
    ask("jo06", "join", "join orders and products and show the first rows",
        lambda d: _joined(d, "orders", "products", "product_id")),
    ask("jo07", "join", "total amount per region", lambda d: _by(_sold(d), "region", "amount", "sum")),
    ask("jo08", "join", "mean amount by segment", lambda d: _by(_sold(d), "segment", "amount", "mean")),
    ask("jo09", "join", "median amount for each category", lambda d: _by(_sold(d), "category", "amount", "median")),
    ask("jo10", "join", "Which region has the highest total amount?",
        lambda d: _most(_sold(d), "region", "amount", "sum")),
    ask("jo11", "join", "which category sells the largest total quantity",
        lambda d: _most(_sold(d), "category", "quantity", "sum")),
    ask("jo12", "join", "join orders and customers on customer_id and show the total amount per region",
        lambda d: _by(_sold(d), "region", "amount", "sum")),
    ask("jo13", "join", "merge orders with products, then mean quantity by category",
        lambda d: _by(_sold(d), "category", "quantity", "mean")),
    ask("jo14", "join", "how many orders are there per region", lambda d: _by(_sold(d), "region", "order_id", "count")),
    ask("jo15", "join", "number of orders by segment", lambda d: _by(_sold(d), "segment", "order_id", "count")),
    ask("jo16", "join", "total amount per region, with the regions from customers",
        lambda d: _by(_sold(d), "region", "amount", "sum")),
    ask("jo17", "join", "quantity per category, summed, with the categories from products",
        lambda d: _by(_sold(d), "category", "quantity", "sum")),
    ask("jo18", "join", "mean minutes by segment", lambda d: _by(
        _with(d["visits"], d["customers"], "customer_id", "segment"), "segment", "minutes", "mean")),
    ask("jo19", "join", "average minutes of visits in the South region", lambda d: Number(float(
        _with(d["visits"], d["customers"], "customer_id", "region").query("region == 'South'")["minutes"].mean()))),
    ask("jo20", "join", "mean amount in orders by region in customers",
        lambda d: _by(_sold(d), "region", "amount", "mean")),
    ask("jo21", "join", "average credit_limit per manager", lambda d: _by(
        _with(d["customers"], d["managers"], "region", "manager"), "manager", "credit_limit", "mean")),
    ask("jo22", "join", "how many customers are there per manager?", lambda d: _by(
        _with(d["customers"], d["managers"], "region", "manager"), "manager", "customer_id", "count")),
    ask("jo23", "join", "total amount of web orders per segment", lambda d: _by(
        _sold(d).query("channel == 'web'"), "segment", "amount", "sum")),
    ask("jo24", "join", "total amount where segment is corporate", lambda d: Number(float(
        _sold(d).query("segment == 'corporate'")["amount"].sum()))),
    ask("jo25", "join", "max amount for each region and segment", lambda d: All(*(
        Number(float(value), near=tuple(map(str, key)))
        for key, value in _sold(d).groupby(["region", "segment"])["amount"].max().items()))),
    ask("jo26", "join", "outer join customers and visits on customer_id", lambda d: All(
        Number(_pairs(d["customers"], d["visits"], "customer_id")
               + _alone(d["customers"], d["visits"], "customer_id")
               + _alone(d["visits"], d["customers"], "customer_id"), near=(AFTER,)))),
    ask("jo27", "join", "merge customers and orders on customer_id, keeping all customers", lambda d: Number(
        _pairs(d["customers"], d["orders"], "customer_id") + _alone(d["customers"], d["orders"], "customer_id"),
        near=(AFTER,))),
    ask("jo28", "join", "bar chart of total amount per region", lambda d: Figure("bar")),
    ask("jo29", "join", "total amount per category, write it to categories.csv", lambda d: Table(
        "categories.csv", _sold(d).groupby("category")["amount"].sum().reset_index())),
    ask("jo30", "join", "join orders and customers on customer_id and call it sold",
        lambda d: Made(_inner(d), "sold")),
    ask("jo31", "decline", "total credit_limit per channel", lambda d: Decline()),
    ask("jo32", "decline", "join orders and managers on region", lambda d: Decline()),
    ask("jo33", "decline", "how many customers bought something in the bikes category", lambda d: Decline()),
    ask("jo34", "decline", "total minutes per channel", lambda d: Decline()),
    ask("jo35", "decline", "mean cost per region", lambda d: Decline()),
    ask("jo36", "decline", "join orders, customers and products", lambda d: Decline()),
    ask("jo37", "decline", "total amount per manager", lambda d: Decline()),
    ask("jo38", "decline", "join visits and orders on customer_id and give the total amount", lambda d: Decline()),
    ask("jo39", "decline", "fuzzy join orders and customers by name", lambda d: Decline()),
    ask("jo40", "decline", "join orders with suppliers on supplier_id", lambda d: Decline()),
    ask("jo41", "decline", "stack orders on top of visits", lambda d: Decline()),
    ask("jo42", "decline", "which customers have never ordered anything?", lambda d: Decline()),
    ask("jo43", "decline", "sum of cost over all orders by segment", lambda d: Decline()),
)  # fmt: skip
