"""What every loader promises: chunks that can be found and cited, the same each time, and errors that name a source."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aether_nb.errors import SourceUnreadable
from aether_nb.knowledge.chunks import LIMIT
from aether_nb.knowledge.loaders.source import Source
from aether_nb.knowledge.material import Loader

UNITS = {"line", "page", "cell", "row", "slide"}


class LoaderContract:
    """Subclasses have the fixtures ``loader`` and ``source``: something to read, with the word ``pump`` in it."""

    def test_what_it_reads_can_be_found_and_cited(self, loader: Loader, source: Source) -> None:
        """The words are in some chunk, none is too long, and each says of which document and of which part of it."""
        made = loader.load(source)
        assert made.kind and made.chunks
        assert "pump" in " ".join(chunk.text for chunk in made.chunks)
        for chunk in made.chunks:
            assert chunk.text.strip() and len(chunk.text) <= LIMIT
            assert chunk.header.startswith(source.name)
            assert 0 <= chunk.start <= chunk.end and chunk.unit in UNITS

    def test_the_same_source_makes_the_same_chunks(self, loader: Loader, source: Source) -> None:
        """What did not change has to be known as that, or it is embedded again."""
        assert loader.load(source) == loader.load(replace(source))

    def test_what_it_cannot_read_is_an_error_that_names_it(self, loader: Loader, source: Source) -> None:
        """Bytes of something else end in one error of ours or, where anything is a text, in none."""
        for data in (b"\x00\x01\x02\xff" * 300, source.content[: len(source.content) // 3] + b"\x00\xff\x00" * 50):
            with pytest.raises((SourceUnreadable, ValueError), match=r".") as caught:
                loader.load(Source("broken", data=data, suffix=source.suffix))
            assert not isinstance(caught.value, SourceUnreadable) or "broken" in caught.value.what

    def test_its_endings_can_be_matched(self, loader: Loader) -> None:
        """In lower case, with the dot."""
        assert loader.suffixes
        assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in loader.suffixes)
