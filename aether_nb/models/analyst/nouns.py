"""The words for things: units, synonyms, attributes, what rows may be, words for values, months, and foreign matters.

Data only, as in ``lexicon``; this module knows nobody.
"""

from __future__ import annotations

__all__ = ["ATTRIBUTES", "COUNTED", "ENTITIES", "FILLERS", "FOREIGN", "MONTHS", "SAME", "UNITS", "VALUE_WORDS"]

FILLERS = frozenset("of the a an per and in".split())
"""Words that do not count when a phrase is compared with a column's name."""

COUNTED = frozenset(
    "unit count sale sold death birth quantity order passenger visitor case vote goal win flight trip accident "
    "casualty injury delivery booking click visit".split()
)
"""Words in the name of a column whose numbers count something, so that they are added up."""

UNITS = frozenset(
    "cm degrees dollars eur ft g gram grams inch inches kg kilograms km kmh lb lbs m mg mi ml mm mph ms sec usd "
    "years".split()
)
"""Units that may stand at the end of a column's name, or behind a number."""

SAME = {
    "temperature": "temp",
    "temperatures": "temp",
    "temps": "temp",
    "coloured": "colored",
    "colour": "color",
    "colours": "color",
    "gender": "sex",
    "genders": "sex",
    "sexes": "sex",
    "weights": "mass",
    "weight": "mass",
    "weighing": "weigh",
    "cost": "price",
    "costs": "price",
    "rain fall": "precipitation",
    "rainfall": "precipitation",
    "people": "person",
    "men": "man",
    "women": "woman",
    "statistics": "statistic",
    "stats": "statistic",
    "indices": "index",
    "axes": "axis",
    "maxima": "maximum",
    "analyses": "analysis",
    "centre": "center",
    "mileage": "mpg",
    "avg": "average",
    "percent": "percentage",
    "pct": "percentage",
    "days": "day",
    "summarise": "summarize",
    "visualise": "visualize",
    "feet": "foot",
    "hp": "horsepower",
    "mice": "mouse",
    "leaves": "leaf",
    "dept": "department",
    "qty": "quantity",
    "amt": "amount",
    "cust": "customer",
    "emp": "employee",
    "addr": "address",
    "children": "child",
    "kids": "child",
}
"""Words that mean the same in column names and in questions."""

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "mass": ("mass",),
    "length": ("length", "duration", "long"),
    "height": ("height", "depth"),
    "depth": ("depth",),
    "width": ("width",),
    "age": ("age",),
    "temp": ("temp",),
    "price": ("price", "fare", "amount"),
    "speed": ("speed", "velocity"),
    "wind": ("wind",),
    "precipitation": ("precipitation", "rain", "precip"),
    "population": ("population", "pop"),
    "power": ("horsepower", "power", "hp"),
    "date": ("date", "year", "time", "day", "timestamp"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng", "long"),
    "place": (
        "origin",
        "country",
        "region",
        "island",
        "state",
        "city",
        "town",
        "place",
        "location",
        "site",
        "continent",
    ),
    "income": ("income", "gdp", "salary", "wealth"),
    "weigh": ("mass",),
}
"""Which words of a column's name an attribute may stand for, as ``heaviest`` for a mass."""

ENTITIES: dict[str, tuple[str, ...]] = {
    "passenger": ("survived", "pclass", "embarked", "fare", "ticket"),
    "person": ("age", "sex", "salary", "wage"),
    "patient": ("bmi", "bp", "diagnosis", "disease", "target"),
    "man": (),
    "woman": (),
    "penguin": ("flipper", "bill", "penguin"),
    "bird": ("flipper", "bill", "penguin"),
    "animal": ("species", "flipper"),
    "flower": ("petal", "sepal", "iris"),
    "plant": ("petal", "sepal", "iris"),
    "car": ("horsepower", "mpg", "cylinder", "car", "displacement", "hp"),
    "vehicle": ("horsepower", "mpg", "cylinder", "car", "displacement"),
    "automobile": ("horsepower", "mpg", "cylinder", "gallon"),
    "wine": ("alcohol", "wine"),
    "bottle": ("alcohol",),
    "day": ("date", "day"),
    "airport": ("iata", "airport"),
    "city": ("city",),
    "customer": ("customer",),
    "order": ("order",),
    "company": ("ticker", "symbol", "company"),
    "stock": ("ticker", "symbol", "stock"),
    "ticker": ("symbol", "ticker"),
    "diamond": ("carat", "cut"),
    "student": ("score", "grade"),
    "movie": ("title", "film", "movie"),
    "film": ("title", "film", "movie"),
    "house": ("price", "bedroom", "rooms"),
    "home": ("bedroom",),
    "trade": ("symbol", "volume"),
    "victim": ("death",),
    "meal": ("tip",),
    "bill": ("tip",),
    "guest": ("tip",),
    "party": ("tip",),
    "survivor": (),
    "employee": ("salary", "employee"),
    "game": ("team",),
    "player": ("team", "player"),
    "specimen": (),
    "manufacturer": ("manufacturer",),
    "weather": ("weather",),
    "temp": (),
}
"""Nouns for what a row is about, and words in a frame's or its columns' names that make the noun plausible."""

VALUE_WORDS: dict[str, tuple[str, ...]] = {
    "woman": ("female", "f", "woman"),
    "girl": ("female", "f"),
    "lady": ("female", "f"),
    "man": ("male", "m", "man"),
    "boy": ("male", "m"),
    "american": ("usa", "us", "united states", "america", "americas"),
    "japanese": ("japan",),
    "european": ("europe",),
    "asian": ("asia",),
    "african": ("africa",),
    "german": ("germany",),
    "french": ("france",),
    "british": ("united kingdom", "uk", "britain"),
    "italian": ("italy",),
    "chinese": ("china",),
    "us": ("usa", "us"),
    "usa": ("usa", "us", "united states"),
}
"""Words that stand for a value which is written otherwise."""

MONTHS = {
    name: number
    for number, names in enumerate(
        "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sep sept|"
        "october oct|november nov|december dec".split("|"),
        1,
    )
    for name in names.split()
}
"""Names of months."""

FOREIGN = frozenset(
    "adjust affect api because bootstrap capital causal cause caused causes chance class classifier classify clean "
    "cluster clustering code combine convert cumulative delete double drive driver drop effect email encode expect "
    "explain fetch fill fix forecast function future geographic grew grow growth halve hypothesis impact improve "
    "impute inflation influence internet interpret join joke lag learn likely machine map mean_of meaning merge "
    "model moving network neural news next normalize odds optimize pca pivot poem predict prediction president "
    "probability program query reason recommend recommendation regress regression remove rename rolling scrape "
    "script send should simulate simulation sql standardize story suggest tomorrow train translate transpose "
    "website why will".split()
)
"""Words that stand for what the analyst does not do; they are never taken for a misspelling of something it does."""
