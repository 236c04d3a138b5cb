"""No user, password or token stays in an address that is shown or written down."""

import io
import subprocess
import sys

import pytest

from ganline.core.addresses import Masked, masked, without_user


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("https://me:hunter2@host/x.git", "https://***@host/x.git"),
        ("https://ghp_hunter2@host/x.git", "https://***@host/x.git"),
        ("postgresql+psycopg2://me:hunter2@db:5432/mlflow", "postgresql+psycopg2://***@db:5432/mlflow"),
        ("http://me:hun@ter2@host:5000", "http://***@host:5000"),
        ("http://me:hun/ter2@host:5000/a", "http://***@host:5000/a"),
        ("http://:hunter2@host", "http://***@host"),
        ("http://me:hun\"ter2@host", "http://***@host"),
        ("https://me:hunter2@host/@scope/package", "https://***@host/@scope/package"),
        ("http://me:hunter%402@[::1]:5000/", "http://***@[::1]:5000/"),
        ("from 'https://hunter2@host/a' to \"s3://hunter2:hunter2@b/c\"", "from 'https://***@host/a' to \"s3://***@b/c\""),
        ("https://host/a?token=hunter2&b=1#c", "https://host/a?token=***&b=1#c"),
        ("s3://b/c?X-Amz-Signature=hunter2&AWSAccessKeyId=hunter2", "s3://b/c?X-Amz-Signature=***&AWSAccessKeyId=***"),
        ("two: a://hunter2@b, c://hunter2:hunter2@d\nmore", "two: a://***@b, c://***@d\nmore"),
    ],
)  # fmt: skip
def test_secrets_are_masked(text, wanted):
    assert masked(text) == wanted
    assert masked(wanted) == wanted
    assert "hunter2" not in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "git@host:group/project.git", "https://host:5000/@scope/package", "https://host/a?b=c@d", "sqlite:////a/b@c/d.db",
        "me@example.org", "http://host:80", "see http://host:80 or ask me@example.org", "file:///a:b/c@d", "a: b", "",
    ],
)  # fmt: skip
def test_what_holds_no_secret_stays(text):
    assert masked(text) == text


def test_nothing_shows_in_a_traceback():
    code = (
        "from ganline.core import addresses\naddresses.mask_tracebacks()\n"
        "raise ValueError('https://' + 'me:hunter2@host')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "ValueError: https://***@host" in done.stderr
    assert "hunter2@" not in done.stderr.replace(code.splitlines()[-1], "")
    assert done.returncode == 1


def test_a_stream_is_masked():
    out = io.StringIO()
    print("at https://me:hunter2@host", file=Masked(out), flush=True)
    assert out.getvalue() == "at https://***@host\n"


def test_an_address_to_be_opened_holds_no_mask():
    assert without_user("https://me:hunter2@host/x") == "https://host/x"
