"""Keys: where one is found, where one is kept, for which address, and that nobody gets to see it."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.backends.null import Keyring as Forgetful

from aether_nb.errors import ConfigError
from aether_nb.models.catalogue import keys
from aether_nb.models.catalogue.keys import KEYRING, Kept, Key
from aether_nb.models.catalogue.providers import load

SECRET = "sk-secret-0123456789"

OPENAI = "https://api.openai.com:443"

posix = pytest.mark.skipif(os.name != "posix", reason="files have no such rights here")


class InMemory(KeyringBackend):
    """A keyring that keeps what it is given, for as long as it lives."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.kept = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        del self.kept[service, username]


class Locked(InMemory):
    """A keyring that waits for somebody to unlock it."""

    def get_password(self, service, username):
        time.sleep(0.5)

    def set_password(self, service, username, password):
        time.sleep(0.5)


class Broken(InMemory):
    """A keyring whose library fails in its own way."""

    def set_password(self, service, username, password):
        raise RuntimeError(f"cannot store {password}")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    """A folder of the test's own, and the keyring as it was afterwards."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(keys, "PATIENCE", 0.1)
    monkeypatch.setattr(keys, "UNLOCKING", 0.1)
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def memory():
    """The system's keyring, in memory."""
    backend = InMemory()
    keyring.set_keyring(backend)
    return backend


@pytest.fixture
def openai():
    """The provider whose key it is."""
    return load().provider("openai")


def test_the_environment_comes_first_in_the_order_of_the_row(memory):
    """A variable wins over what is kept, and the better name over its alias; blanks are no key."""
    google = load().row("google")
    keys.keep(google, "kept-key-000")
    both = {"GOOGLE_API_KEY": "b", "GEMINI_API_KEY": " a "}
    assert keys.find(google, both) == Key("a", "GEMINI_API_KEY")
    assert keys.find(google, {"GOOGLE_API_KEY": "b", "GEMINI_API_KEY": "  "}) == Key("b", "GOOGLE_API_KEY")
    assert keys.find(google, {}) == Key("kept-key-000", KEYRING)


def test_nothing_is_found_where_nothing_is(openai, tmp_path):
    """No key is no error, and looking for one makes no folder."""
    assert (keys.find(openai, {}), keys.known(), keys.names()) == (Key(), [], ())
    assert list(tmp_path.iterdir()) == []
    assert not Key()
    assert keys.forget("openai") is False


def test_a_key_is_kept_in_the_keyring(memory, openai):
    """The keyring has the key under its address; beside it stands that there is one, and no key."""
    assert keys.keep(openai, f" {SECRET}\n") == KEYRING
    assert memory.kept == {("aether-nb", f"openai at {OPENAI}"): SECRET}
    assert json.loads((keys.folder() / "openai.json").read_text()) == {"address": OPENAI}
    assert keys.find(openai, {}) == Key(SECRET, KEYRING)
    assert (keys.known(), keys.names()) == ([Kept("openai", OPENAI, KEYRING)], ("openai",))
    assert keys.forget("openai") is True
    assert (memory.kept, keys.find(openai, {}), keys.known()) == ({}, Key(), [])


@pytest.mark.parametrize("backend", [NoKeyring, Forgetful, Locked, Broken])
def test_without_a_keyring_that_works_a_file_keeps_it(openai, backend):
    """No keyring, one that keeps nothing, one that waits for a person, a broken one: each time the file serves."""
    keyring.set_keyring(backend())
    file = keys.folder() / "openai.json"
    assert keys.keep(openai, SECRET) == str(file)
    assert keys.find(openai, {}) == Key(SECRET, str(file))
    assert keys.known() == [Kept("openai", OPENAI, str(file))]
    assert keys.forget("openai") is True
    assert list(keys.folder().iterdir()) == []


@posix
def test_the_file_is_for_its_user_alone(openai):
    """Nobody else can read the file or look into its folder, also when the folder was open before."""
    keys.folder().mkdir(parents=True, mode=0o755)
    before = os.umask(0)
    try:
        file = Path(keys.keep(openai, SECRET))
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.folder().stat().st_mode) == 0o700


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_file_that_others_can_open_is_not_used(openai, mode):
    """A key that others could have read or written is refused, with what to do; keeping it anew mends it."""
    Path(keys.keep(openai, SECRET)).chmod(mode)
    for look in (lambda: keys.find(openai, {}), keys.known):
        with pytest.raises(ConfigError) as caught:
            look()
        assert caught.value.what == "The key of openai is not used: others could have read or changed it."
        assert caught.value.hint == "Keep it anew: %aether key openai"
    assert keys.names() == ("openai",)
    keys.keep(openai, SECRET)
    assert keys.find(openai, {}).value == SECRET


@posix
def test_a_link_in_the_files_place_is_not_followed(openai, tmp_path):
    """Somebody else's file does not become ours by a link."""
    file, other = Path(keys.keep(openai, SECRET)), tmp_path / "other.json"
    file.rename(other)
    file.symlink_to(other)
    with pytest.raises(ConfigError):
        keys.find(openai, {})
    keys.keep(openai, "sk-another-key")
    assert (keys.find(openai, {}).value, json.loads(other.read_text())["key"]) == ("sk-another-key", SECRET)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"key": 7}', b"\xff\xfe", b'"x"'])
def test_a_damaged_file_is_named(openai, content):
    """What cannot be read is an error with the file, and can be forgotten."""
    file = keys.keep(openai, SECRET)
    Path(file).write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        keys.find(openai, {})
    assert (caught.value.what, caught.value.why) == ("The key of openai cannot be read.", f"{file} is damaged.")
    assert keys.forget("openai") is True
    assert keys.find(openai, {}) == Key()


@pytest.mark.parametrize("backend", [InMemory, NoKeyring])
def test_a_kept_key_belongs_to_its_address(openai, backend):
    """At another address of the same provider it is not found, and the note says where it belongs."""
    keyring.set_keyring(backend())
    keys.keep(openai, SECRET)
    providers = load()
    gate = {"OPENAI_BASE_URL": "https://gate.example/v1"}
    note = f"The key that is kept for openai belongs to {OPENAI}."
    for home in (providers.provider("openai", gate), providers.profile("openai:x", base_url="http://api.openai.com")):
        assert keys.find(home, {}) == Key(note=note)
    assert keys.find(providers.row("openai"), gate) == Key(note=note)
    assert keys.find(providers.profile("x@https://api.openai.com/v2"), {}).value == SECRET
    keys.keep(providers.row("openai"), "sk-of-the-gate", gate)
    assert keys.find(providers.provider("openai", gate), {}).value == "sk-of-the-gate"
    assert keys.find(openai, {}).value == ""


def test_a_changed_address_in_the_file_frees_no_key_from_the_keyring(memory, openai):
    """The keyring knows the address too: whoever changes ours finds nothing."""
    keys.keep(openai, SECRET)
    file = keys.folder() / "openai.json"
    file.write_text(json.dumps({"address": "https://evil.example:443"}))
    evil = load().profile("openai:x", base_url="https://evil.example/v1")
    assert keys.find(evil, {}).value == ""


def test_a_keyring_that_locks_later_is_said(memory, openai):
    """A key that is there and cannot be had is no missing key: the note says why, and soon."""
    keys.keep(openai, SECRET)
    keyring.set_keyring(Locked())
    locked = f"A key is kept for openai, but {KEYRING} is locked, or it does not answer."
    assert keys.find(openai, {}) == Key(note=locked)
    keyring.set_keyring(InMemory())
    assert keys.find(openai, {}).note == f"A key is kept for openai, but {KEYRING} does not have it any more."


def test_a_key_that_the_keyring_does_not_let_go_of_is_said(memory, openai):
    """It is not used any more, and the error says where the keyring still has it; a second time there is nothing."""
    keys.keep(openai, SECRET)
    keyring.set_keyring(Locked())
    with pytest.raises(ConfigError) as caught:
        keys.forget("openai")
    assert caught.value.what == f"The key of openai is not used any more, and still in {KEYRING}."
    assert caught.value.hint == f"Remove it there: service aether-nb, name 'openai at {OPENAI}'"
    assert (keys.find(openai, {}), keys.forget("openai")) == (Key(), False)


def test_an_earlier_key_is_replaced_wherever_it_was(memory, openai):
    """There is one key for a provider; the one before is gone from the keyring and from the file."""
    keys.keep(openai, SECRET)
    keyring.set_keyring(NoKeyring())
    keys.keep(openai, "sk-second-one")
    assert keys.find(openai, {}).value == "sk-second-one"
    keyring.set_keyring(memory)
    keys.keep(openai, "sk-third-one")
    assert list(memory.kept.values()) == ["sk-third-one"]
    assert "key" not in json.loads((keys.folder() / "openai.json").read_text())


@pytest.mark.parametrize("value", ["", "  ", "two words", "new\nline", "schlüssel", "tab\there"])
def test_what_is_no_key(openai, value):
    """What could not be sent is not kept; the error does not repeat it."""
    with pytest.raises(ConfigError) as caught:
        keys.keep(openai, value)
    assert caught.value.what == "That is no key."
    assert not value.strip() or value.strip() not in str(caught.value)
    assert keys.names() == ()


def test_an_address_without_a_name_keeps_no_key():
    """Only a provider with a row has a key of its own."""
    with pytest.raises(ConfigError) as caught:
        keys.keep(load().profile("m@https://else.example/v1"), SECRET)
    assert caught.value.what == "No key can be kept for https://else.example/v1."


def test_a_folder_that_cannot_be_written_is_said(openai, tmp_path):
    """A key that could not be kept is an error that does not contain it, and leaves nothing half-written."""
    (tmp_path / "data").write_text("a file where the folder would be")
    with pytest.raises(ConfigError) as caught:
        keys.keep(openai, SECRET)
    assert caught.value.what == "The key of openai cannot be kept."
    assert SECRET not in str(caught.value)


def test_nobody_gets_to_see_a_key(capsys, caplog, memory, openai):
    """Neither a repr nor anything that is printed or logged has the key in it."""
    keyring.set_keyring(Broken())
    keys.keep(openai, SECRET)
    found = keys.find(openai, {"OPENAI_API_KEY": SECRET})
    shown = f"{found!r} {found} {keys.known()} {capsys.readouterr()} {caplog.text}"
    assert repr(found) == "Key(source='OPENAI_API_KEY', note='')"
    assert SECRET not in shown
