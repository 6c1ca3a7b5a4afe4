"""YAML files: read whole, by either reader to the same values, and refused with words where they cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from aether_nb.errors import OptionError
from aether_nb.jobs import reading
from aether_nb.jobs.reading import yaml_in


@pytest.fixture(params=[True, False], ids=["libyaml", "python"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """With libyaml, where it is installed, and without."""
    if request.param and not yaml.__with_libyaml__:
        pytest.skip("libyaml is not installed")
    monkeypatch.setattr(yaml, "__with_libyaml__", request.param)
    reading._loader.cache_clear()
    yield
    reading._loader.cache_clear()


def read(folder: Path, text: str, most: int = 1_000_000) -> Any:
    """What a file with this text says."""
    (folder / "a.yaml").write_text(text, encoding="utf-8", newline="")
    return yaml_in(folder / "a.yaml", "list", most, hint="See it.", smaller="Make it smaller.")


SAME = [
    "{a: 1, a: 2}",
    "x: &one {b: 1, c: 1}\ny: {<<: *one, c: 2}",
    "a: 2020-01-01\nb: 1:30\nc: 0x1F\nd: 1_000\ne: yes\nf: .inf\ng: 017\nh: ~\n",
    "a: !!binary aGk=\nb: !!set {x, y}\nc: !!str 1",
    '\ufeffa: "😀"\r\nb: |\r\n  one\r\n  two\r\n',
    'a: "\\ud83d\\ude00 \\x41"',
    "",
]


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("text", SAME)
def test_either_reader_says_the_same(tmp_path: Path, text: str) -> None:
    """Fields that stand there twice, tags, dates and odd letters become what the safe loader makes of them."""
    assert read(tmp_path, text) == yaml.safe_load(text)


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "a: b: c",
        "a: @x",
        "*b",
        "{[1]: 2}",
        "a: 1\n---\nb: 2",
        "a: !!python/object:os.x 1",
        "a: \x07",
        "a: !x 1",
    ],
)
def test_either_reader_says_the_same_of_a_fault(tmp_path: Path, text: str) -> None:
    """Objects are not made, and what is no YAML is refused with the words and the line that the safe loader has."""
    with pytest.raises(yaml.YAMLError) as plain:
        yaml.safe_load(text)
    with pytest.raises(OptionError, match=r"a\.yaml is no list") as caught:
        read(tmp_path, text)
    assert caught.value.why == " ".join(str(plain.value).split()) and caught.value.hint == "See it."


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "{a: " * 100_000, "a: 2020-13-45"])
def test_what_would_break_a_reader_is_refused(tmp_path: Path, text: str) -> None:
    """What is nested too deeply, and a date that there is not."""
    with pytest.raises(OptionError, match=r"a\.yaml is no list"):
        read(tmp_path, text)


def test_a_file_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    """One that is as large as it may be is; of a larger one the size is told, and what can be done."""
    text = "- é\n" * 100
    assert len(read(tmp_path, text, most=500)) == 100
    with pytest.raises(OptionError) as caught:
        read(tmp_path, text, most=499)
    assert (caught.value.what, caught.value.why, caught.value.hint) == (
        f"{tmp_path / 'a.yaml'} is too large for a list.",
        "It has 500 bytes; 499 are read at most.",
        "Make it smaller.",
    )


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A folder, nothing at all, and what is no text."""
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe")
    for file in (tmp_path, tmp_path / "none.yaml", tmp_path / "b.yaml"):
        with pytest.raises(OptionError, match="is no list"):
            yaml_in(file, "list", 100)
