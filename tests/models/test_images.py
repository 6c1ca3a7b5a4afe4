"""Pictures from wherever a program has them, and what is said of those that are none."""

from __future__ import annotations

import base64
import io
import subprocess
import sys

import matplotlib.pyplot as plt
import PIL.Image
import pytest

from aether_nb.errors import UsageFault
from aether_nb.events.messages import Image
from aether_nb.models import images
from aether_nb.models.images import picture
from harness.loopback import Play, loopback

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
JPEG, GIF, WEBP = b"\xff\xd8\xff\xe0rest", b"GIF89arest", b"RIFF\x04\x00\x00\x00WEBPrest"


def part(mime, content):
    """What a picture becomes."""
    return Image(mime, base64.b64encode(content).decode())


def size(image):
    """Width and height of a picture that was drawn."""
    assert image.mime == "image/png"
    return PIL.Image.open(io.BytesIO(base64.b64decode(image.base64))).size


@pytest.mark.parametrize(
    ("mime", "content"),
    [("image/png", PNG), ("image/jpeg", JPEG), ("image/gif", GIF), ("image/webp", WEBP)],
)
async def test_the_bytes_tell_what_it_is(tmp_path, mime, content):
    """Bytes, a path, a path as text, and a data URL of any claimed type become the same part."""
    file = tmp_path / "picture.txt"
    file.write_bytes(content)
    url = f"data:text/plain;base64,{base64.b64encode(content).decode()}"
    sources = (content, bytearray(content), memoryview(content), file, str(file), url)
    assert [await picture(source) for source in sources] == [part(mime, content)] * 6


async def test_a_part_stays_as_it_is():
    """What is a picture already is not looked at again."""
    ready = Image("image/png", "whatever")
    assert await picture(ready) is ready


async def test_a_path_may_begin_at_home(tmp_path, monkeypatch):
    """``~`` is the user's folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.png").write_bytes(PNG)
    assert await picture("~/a.png") == part("image/png", PNG)


async def test_a_figure_is_drawn():
    """A matplotlib figure, and the axes in it."""
    figure, axes = plt.subplots(figsize=(2, 1), dpi=50)
    try:
        assert size(await picture(figure)) == size(await picture(axes))
    finally:
        plt.close(figure)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "F", "YCbCr"])
async def test_a_pil_image_is_saved(mode):
    """Also in modes that PNG does not know."""
    assert size(await picture(PIL.Image.new(mode, (3, 2)))) == (3, 2)


async def test_an_address_is_fetched():
    """Without a key, whatever the server calls it; a redirect is followed."""
    there = Play([], status=302, headers={"location": "/v1/b.png"})
    async with loopback(there, Play([PNG[:20], PNG[20:]], content_type="text/html")) as server:
        assert await picture(f"{server.url}/a.png") == part("image/png", PNG)
    assert [(asked.line, "authorization" in asked.headers) for asked in server.asked] == [
        ("GET /v1/a.png HTTP/1.1", False),
        ("GET /v1/b.png HTTP/1.1", False),
    ]


async def told(source):
    """What is said of a source that is no picture."""
    with pytest.raises(UsageFault) as caught:
        await picture(source)
    return caught.value.what, caught.value.why


async def test_what_is_no_picture_is_a_typed_error(tmp_path):
    """It says of which thing, and why."""
    other = "Its first bytes are those of no picture that models see."
    assert await told(b"<svg></svg>") == ("the bytes is no picture.", other)
    assert await told(b"") == ("the bytes is no picture.", "It is empty.")
    assert await told(3) == ("A int is no picture.", "")
    missing = tmp_path / "no.png"
    assert await told(missing) == (f"The picture {missing} cannot be read.", "No such file or directory.")
    assert await told("a\0b") == ("The picture a\0b cannot be read.", "embedded null byte.")
    assert (await told("data:image/png;base64,%%%"))[0] == "The data URL cannot be read."


async def test_an_address_that_has_none_is_a_typed_error():
    """A refusal and a page; a query, which may hold a secret, is not shown."""
    async with loopback(Play([b"no"], status=404), Play([b"<html>"])) as server:
        host = server.url.removeprefix("http://").removesuffix("/v1")
        url = f"{server.url}/a.png"
        assert await told(f"{url}?token=secret") == (
            f"The picture at {url} cannot be had.",
            f"{host} answered 404.",
        )
        assert (await told(f"{url}?token=secret"))[0] == f"{url} is no picture."
    assert (await told(url))[0] == f"The picture at {url} cannot be had."


@pytest.mark.parametrize("proxy", ["", "gopher://127.0.0.1:1", "socks5://127.0.0.1:1"])
async def test_an_address_that_cannot_be_asked_is_a_typed_error(proxy, monkeypatch):
    """One that is none, and one behind a proxy that cannot be used; a password in it is not shown."""
    monkeypatch.setenv("ALL_PROXY", proxy)
    url = "http://me:secret@no.invalid/a.png" if proxy else "http://me:secret@[::1"
    what, why = await told(url)
    assert (what, "secret" in why) == (f"The picture at {url.replace('me:secret@', '')} cannot be had.", False)


async def test_what_is_too_large_is_not_read_to_its_end(tmp_path, monkeypatch):
    """From a file, an address, bytes and a data URL."""
    monkeypatch.setattr(images, "LARGEST", 100)
    content = PNG + bytes(1000)
    file = tmp_path / "a.png"
    file.write_bytes(content)
    url = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    async with loopback(Play([content], end="never")) as server:
        for source in (content, file, url, f"{server.url}/a.png"):
            assert (await told(source))[0].endswith("is too large.")


def test_no_library_of_pictures_is_loaded():
    """Whoever has a figure has loaded matplotlib; for everybody else it stays where it is."""
    code = (
        "import asyncio, sys\nfrom aether_nb.models.images import picture\n"
        "try:\n    asyncio.run(picture(object()))\nexcept Exception as error:\n    print(type(error).__name__)\n"
        "print([name for name in ('matplotlib', 'PIL', 'httpx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "UsageFault\n[]\n"
