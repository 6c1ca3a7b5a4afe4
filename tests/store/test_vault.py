"""The vault: what it seals opens for its place alone, and what wraps its key opens for its secret alone."""

from __future__ import annotations

import builtins

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_nb.errors import StoreCorrupt, StoreError
from aether_nb.store import wrapping
from aether_nb.store.vault import GROWTH, Vault, is_sealed, new_key
from aether_nb.store.wrapping import unwrap, wrap

KEY = new_key()
VAULT = Vault(KEY)

places = st.lists(st.text(max_size=4), max_size=3)


@given(st.binary(max_size=50), places, places)
def test_what_is_sealed_opens_for_its_place_alone(content, place, other):
    """In the order of its words and at their borders; it is as much longer as is said."""
    sealed = VAULT.seal(content, *place)
    assert VAULT.open(sealed, *place) == content
    assert (is_sealed(sealed), len(sealed) - len(content)) == (True, GROWTH)
    if other != place:
        with pytest.raises(StoreCorrupt):
            VAULT.open(sealed, *other)


@given(st.text(max_size=20))
def test_a_text_is_sealed_in_letters(text):
    """Whatever is in it; the letters are those that every database keeps."""
    sealed = VAULT.seal_text(text, "prompt", "r")
    assert VAULT.open_text(sealed, "prompt", "r") == text
    assert is_sealed(sealed) and sealed.isascii() and "\0" not in sealed


def test_the_same_is_sealed_anew_each_time():
    """A nonce is never used twice: equal contents cannot be told by their bytes."""
    assert len({VAULT.seal(b"yes", "a") for _ in range(100)}) == 100


@pytest.mark.parametrize("place", range(30))
def test_one_changed_bit_is_noticed(place):
    """Wherever it is: in the mark, the nonce, the content or the tag."""
    sealed = bytearray(VAULT.seal(b"content", "a"))
    sealed[place] ^= 1
    with pytest.raises(StoreCorrupt):
        VAULT.open(bytes(sealed), "a")


@pytest.mark.parametrize("sealed", ["", "{}", "\1", "\1not base64", "\1" + "A" * 9, "é"])
def test_what_is_not_sealed_does_not_open(sealed):
    """In an encrypted store everything is sealed: a plain row was put there by somebody without the key."""
    with pytest.raises(StoreCorrupt):
        VAULT.open_text(sealed, "a")
    with pytest.raises(StoreCorrupt):
        VAULT.open(sealed.encode(), "a")


def test_another_key_opens_nothing():
    """Nor does it make the same words."""
    other = Vault(new_key())
    with pytest.raises(StoreCorrupt):
        other.open(VAULT.seal(b"x", "a"), "a")
    assert VAULT.word("h") == Vault(KEY).word("h") != other.word("h")
    assert len(VAULT.word("h")) == 64


def test_a_secret_unwraps_and_no_other_does(monkeypatch):
    """Whether a person made it up or a keyring keeps it; what is kept does not hold it."""
    monkeypatch.setattr(wrapping, "TYPED_COST", 4)
    for source in ("passphrase", "keyring"):
        wrapped = wrap(KEY, "correct horse", source, 5.0)
        assert unwrap(wrapped, "correct horse") == KEY
        assert unwrap(wrapped, "correct horses") is None
        assert b"horse" not in wrapped.wrapped and KEY not in wrapped.wrapped
        again = wrap(KEY, "battery", source, 6.0, wrapped.id)
        assert (again.id, unwrap(again, "battery"), unwrap(again, "correct horse")) == (wrapped.id, KEY, None)


def test_a_passphrase_costs_whoever_guesses():
    """Some tens of megabytes and of milliseconds for each guess; a random secret needs none of that."""
    assert wrapping.TYPED_COST * 128 * wrapping.BLOCK >= 64 * 2**20
    assert wrap(KEY, "random", "keyring", 1.0).cost == wrapping.RANDOM_COST


@pytest.mark.parametrize("cost", [0, 1, 3, 2**30, "2", None])
def test_a_record_of_somebody_else_asks_for_no_endless_work(cost):
    """Its numbers may have been written by anybody."""
    with pytest.raises(StoreCorrupt, match="damaged"):
        unwrap(wrap(KEY, "random", "keyring", 1.0)._replace(cost=cost), "random")


def test_the_library_is_asked_for_when_it_is_needed(monkeypatch):
    """It is an extra: where it is missing, the error says what to type."""
    found = builtins.__import__

    def missing(name, *rest):
        if name.startswith("cryptography"):
            raise ImportError(name)
        return found(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(StoreError) as caught:
        Vault(KEY)
    assert caught.value.hint == "%pip install 'aether-nb[encryption]'"
