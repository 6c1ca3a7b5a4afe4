"""Model servers that others wrote, started for the tests here: llama.cpp, and a LiteLLM proxy in front of it.

They live in environments of their own, because they want other versions of everything. ``AETHER_TEST_LLAMA`` and
``AETHER_TEST_LITELLM`` name the Pythons of these environments; ``tests/full`` makes both.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

TINY = Path(__file__).with_name("tiny_model.py")
KEY = "sk-local-0123456789abcdef0123456789abcdef"

PROXY = """
model_list:
  - model_name: tiny
    litellm_params: {{model: hosted_vllm/tiny, api_base: "{upstream}", api_key: x}}
  - model_name: flaky
    litellm_params: {{model: openai/x, api_base: "http://127.0.0.1:9/v1", api_key: x}}
  - model_name: busy
    litellm_params: {{model: openai/gpt-4o, api_key: x, mock_response: "litellm.RateLimitError"}}
  - model_name: says
    litellm_params: {{model: openai/gpt-4o, api_key: x, mock_response: "Hello from the proxy."}}
general_settings: {{master_key: {key}}}
litellm_settings: {{drop_params: true, telemetry: false, num_retries: 0}}
router_settings: {{num_retries: 0, disable_cooldowns: true, fallbacks: [{{flaky: [tiny]}}]}}
"""


def python(variable: str) -> str:
    """The Python of a server's environment; tests that need it are left out where there is none."""
    found = os.environ.get(variable, "")
    if not found:
        pytest.skip(f"needs a server's environment: {variable} names its Python")
    return found


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a llama.cpp server with a tiny model of random weights."""
    interpreter = python("AETHER_TEST_LLAMA")
    model = tmp_path_factory.mktemp("llama") / "tiny.gguf"
    subprocess.run([interpreter, str(TINY), str(model)], check=True, timeout=60)
    with _serving(
        [interpreter, "-m", "llama_cpp.server", "--model", str(model), "--model_alias", "tiny", "--n_ctx", "1024",
         "--n_threads", "1", "--host", "127.0.0.1", "--port"],
        model.with_suffix(".log"),
        "/v1/models",
    ) as address:  # fmt: skip
        yield f"{address}/v1"


@pytest.fixture(scope="session")
def proxy(llama: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a LiteLLM proxy, without /v1; its key is ``KEY``."""
    interpreter = python("AETHER_TEST_LITELLM")
    config = tmp_path_factory.mktemp("litellm") / "proxy.yaml"
    config.write_text(PROXY.format(upstream=llama, key=KEY))
    program = str(Path(interpreter).with_name("litellm"))
    with _serving(
        [program, "--config", str(config), "--host", "127.0.0.1", "--port"],
        config.with_suffix(".log"),
        "/health/liveliness",
    ) as address:
        yield address


@contextmanager
def _serving(command: list[str], log: Path, path: str) -> Iterator[str]:
    """A server on a free port, from when it answers until it is no longer needed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONWARNINGS": "default"}
    with log.open("wb") as output:
        process = subprocess.Popen([*command, str(port)], stdout=output, stderr=output, env=environment)
        try:
            until = time.monotonic() + 180
            while not _answers(address + path):
                assert process.poll() is None, log.read_text()[-4000:]
                assert time.monotonic() < until, log.read_text()[-4000:]
                time.sleep(0.3)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
