"""Which embedder serves, and what its numbers mean.

Four kinds are there: none, which is the honest default without key, network or weights (a search by words alone finds
more than one with made-up vectors); the local one, a small encoder run by numpy; whatever serves for the role
``embedding``; and those that are registered: ``register("embedder", "mine", made)``. This module knows no index, and no
settings but the word that it is handed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from aether_nb import plugins
from aether_nb.config.home import expanded
from aether_nb.errors import ConfigError, OptionError
from aether_nb.events.messages import Text
from aether_nb.knowledge import weights
from aether_nb.knowledge.material import Embedder

if TYPE_CHECKING:
    from aether_nb.knowledge.bert import Bert

__all__ = [
    "AUTO",
    "LOCAL",
    "NONE",
    "Chosen",
    "Embed",
    "Local",
    "Thresholds",
    "choose",
    "fit",
    "plainly",
    "plug",
    "thresholds_of",
]

AUTO, NONE, LOCAL = "auto", "none", "local"


Embed: TypeAlias = Callable[[Embedder, Sequence[Text], str], Sequence[Sequence[float]]]
"""Has vectors made of texts, for a purpose. Whoever hands it in says what of them may leave, and records what did.

Raises a ModelError when the embedder does not answer, or may not be asked.
"""


def plainly(embedder: Embedder, texts: Sequence[Text], purpose: str) -> Sequence[Sequence[float]]:
    """Vectors of texts, with no rules about what may leave: for an embedder on this machine."""
    return embedder.embed([text.text for text in texts])


class Thresholds(NamedTuple):
    """What a cosine of one embedder means; those of another mean something else.

    Args:
        keep: A chunk below it has nothing to do with the question: 94 to 100 % of the right ones lie above.
        best: When the best chunk lies below it, nothing that is kept does: so it was for 83 to 97 % of questions from
            another field.
    """

    keep: float
    best: float


KNOWN = {weights.NAME: Thresholds(0.25, 0.35)}


def thresholds_of(embedder: Embedder | None) -> Thresholds | None:
    """What the cosines of an embedder mean; None when nobody has measured it."""
    own = getattr(embedder, "thresholds", None)
    return own if isinstance(own, Thresholds) else None


class Local:
    """A small encoder on this machine. Its weights are read when the first text comes.

    Args:
        folder: Where they lie.
    """

    normalised = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def id(self) -> str:
        """Its name; a hash of its weights when they are not the known ones."""
        return weights.identity(self.folder)

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self._model.dimensions

    @property
    def max_tokens(self) -> int:
        """How many pieces of a text are looked at."""
        return self._model.max_tokens

    @property
    def thresholds(self) -> Thresholds | None:
        """What its cosines mean, when it is the known one."""
        return KNOWN.get(self.id)

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """A vector for each text, as rows of an array of float32."""
        return self._model.embed(texts)  # type: ignore[return-value]  # an array is as good

    @cached_property
    def _model(self) -> Bert:
        from aether_nb.knowledge.bert import Bert

        try:
            return Bert(self.folder)
        except (OSError, ValueError, KeyError) as error:
            raise ConfigError(
                f"{self.folder} holds no encoder that can be run here.",
                f"{type(error).__name__}: {error}",
                f"Name the folder of a BERT encoder with {', '.join(weights.FILES)}, or: {weights.GET}",
            ) from error


class Chosen(NamedTuple):
    """The embedder that serves, None for a search by words alone; and a sentence that says so."""

    embedder: Embedder | None
    said: str


def choose(
    wanted: str,
    environment: Mapping[str, str],
    kept: Path,
    role: Callable[[], Embedder] | None = None,
) -> Chosen:
    """Decide which embedder serves.

    Args:
        wanted: ``none``, a name that is registered, such as ``local``, a folder with weights, or ``auto``: the role's,
            else a local one, else none.
        environment: The environment's variables.
        kept: Where weights are fetched to.
        role: Opens the model that serves for the role ``embedding``; None when none is set.

    Raises:
        ConfigError: What is wanted is not there; the hint says how to get it.
    """
    if wanted == NONE:
        return Chosen(None, "Found by words alone: the setting 'embedder' is none.")
    if wanted == AUTO and role is not None:
        served = role()
        return Chosen(served, f"Found by words, and by meaning with {served.id}.")
    if wanted == AUTO and weights.find(environment, kept) is None:
        more = f"Found by meaning too, offline, after: {weights.GET}"
        return Chosen(None, f"Found by words alone: there is no embedder on this machine. {more}")
    known = plugins.found("embedder")
    name = LOCAL if wanted == AUTO else wanted
    made = known[name].make(environment, kept) if name in known else _at(expanded(wanted), wanted)
    where = " on this machine" if isinstance(made, Local) else ""
    return Chosen(made, f"Found by words, and by meaning with {made.id}{where}.")


class Maker(NamedTuple):
    """What is registered: makes an embedder, from the environment and the folder where weights are kept."""

    make: Callable[[Mapping[str, str], Path], Embedder]


def plug(house: plugins.House) -> None:
    """Bring in the one that is built in."""
    house.register("embedder", LOCAL, Maker(lambda environment, kept: _at(weights.find(environment, kept), LOCAL)))


def fit(name: str, thing: Any) -> Maker:
    """How the embedder is made that a thing is: one already, or a function without arguments that gives one.

    Raises:
        OptionError: It is neither, or its name already means something else.
    """
    if name in (AUTO, NONE):
        raise OptionError(f"No embedder can be called {name!r}.", "The setting 'embedder' means something else by it.")
    if isinstance(thing, Maker):
        return thing
    if _embeds(thing):
        return Maker(lambda _, __: thing)
    if callable(thing):
        return Maker(lambda _, __: _made(name, thing()))
    raise OptionError(f"What is registered as the embedder {name!r} is none.", _why(thing), "Give one, or a function.")


def _embeds(thing: Any) -> bool:
    return not isinstance(thing, type) and callable(getattr(thing, "embed", None))


def _why(thing: Any) -> str:
    return f"It is a {type(thing).__name__}; an embedder has an id, dimensions and embed(texts)."


def _made(name: str, made: Any) -> Embedder:
    if not _embeds(made):
        raise ConfigError(f"What is registered as the embedder {name!r} makes none.", _why(made))
    embedder: Embedder = made
    return embedder


def _at(folder: Path | None, wanted: str) -> Local:
    if folder is None or not folder.is_dir():
        raise ConfigError(
            f"There is no embedder {wanted!r}.",
            f"No weights of {weights.NAME} are on this machine." if folder is None else f"{folder} is no folder.",
            f"{weights.GET}\nOr fetch them from Hugging Face: %aether know fetch",
        )
    return Local(folder)
