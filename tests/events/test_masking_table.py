"""Keys that are known by their form or by their place, and what is no key."""

from __future__ import annotations

import base64
import hashlib
import random
import uuid

import pytest

from aether_nb.events.masking import MASK, mask_text

B = "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4z"

SECRETS = [
    f"sk-ant-api03-{B}",
    f"sk-proj-{B}",
    f"gsk_{B}",
    f"xai-{B}",
    f"hf_{B}",
    f"r8_{B}",
    f"ghp_{B}",
    f"ghu_{B}",
    f"github_pat_{B}",
    f"glpat-{B}",
    f"npm_{B}",
    "xoxb-123456789012-abcdefghij",
    f"xapp-1-{B}",
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    f"AIzaSy{B}",
    f"ya29.{B}",
    f"GOCSPX-{B}",
    f"SG.{B}.{B}",
    f"hvs.{B}",
    "dapi" + "0a1b2c3d" * 4,
    f"123456789:AA{B}x",
    f"shpat_{B}",
    f"lin_api_{B}",
    f"dckr_pat_{B}",
    f"pplx-{B}",
    f"nvapi-{B}",
    f"whsec_{B}",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r",
]

PLACED = [
    ("postgresql://anna:gehe1m@db/x", "gehe1m"),
    ("mongodb+srv://u:p4ss@h/", "p4ss"),
    ("redis://:s3cret!pw@h:1", "s3cret!pw"),
    ("Server=h;User Id=a;Password=Tr0ub4dor;", "Tr0ub4dor"),
    ("Pwd=Tr0ub4dor;", "Tr0ub4dor"),
    (f"AccountKey={B}{B}==;", B),
    (f"https://h/x?sv=1&sig={B}{B}", B),
    ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    (f"https://hooks.slack.com/services/T01/B01/{B}", B),
    (f"https://discord.com/api/webhooks/1234567890123/{B}", B),
    (f'API_KEY = "{B}"', B),
    (f"secret: {B}", B),
    (f'{{"auth_token": "{B}"}}', B),
    ("my password is hunter2!Xy", "hunter2!Xy"),
    (f"AWS_SECRET_ACCESS_KEY={B}/abc+12", B),
    ("client_key=" + "0123456789abcdef" * 2, "0123456789abcdef"),
    (f"api key | {B}", B),
    (f"credentials => '{B}'", B),
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_key_is_known_by_its_form(secret: str) -> None:
    """Keys of clouds, code hosts, models and mail, tokens and private keys, whatever stands round them."""
    text, count = mask_text(f"x = '{secret}' # here")
    assert count >= 1 and secret not in text and text.startswith("x = '***")


@pytest.mark.parametrize(("text", "secret"), PLACED)
def test_a_key_is_known_by_its_place(text: str, secret: str) -> None:
    """In an address, a connection string, a header, or beside a name that says what it is."""
    masked, count = mask_text(text)
    assert secret not in masked and MASK in masked and count >= 1


def test_what_looks_made_by_a_machine_and_is_no_key_stays() -> None:
    """Digests, names of commits, UUIDs, pictures in base64, code that speaks of keys: hardly any is masked."""
    random.seed(7)
    texts = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(40)]
    texts += [f"commit {hashlib.sha1(str(n).encode()).hexdigest()}" for n in range(40)]
    texts += [f"id: {uuid.UUID(int=random.getrandbits(128))}" for _ in range(40)]
    texts += ["data:image/png;base64," + base64.b64encode(random.randbytes(600)).decode() for _ in range(40)]
    texts += [f"sha256:{hashlib.sha256(str(n).encode()).hexdigest()} key {n}" for n in range(20)]
    texts += [f"row {n}: {random.random()},2024-05-{n % 28 + 1:02}T12:00:00Z,user_{n}@shop.example" for n in range(20)]
    texts += """
token = tokenizer.next_token(text)
password = getpass.getpass()
api_key = os.environ["API_KEY"]
secret_santa: Anna, Ben and Carla
primary key: customer_id
the access key is in the drawer
df.merge(other, on="key", how="left")
sort(key=lambda pair: pair.value)
keyboard, monkey, turkey
tokens: 512, 1024, 2048
passwords are hashed with bcrypt
key=value&other=thing
token: 12345678
credential: applicant
""".strip().splitlines()
    alarms = [text for text in texts if mask_text(text)[1]]
    print(f"\nfalse alarms: {len(alarms)} of {len(texts)}", *alarms, sep="\n  ")
    assert len(texts) > 200 and len(alarms) <= 0.01 * len(texts)
