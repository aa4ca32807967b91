import os
import subprocess
import sys

import httpx
import pytest

from local.identity_provider import IdentityProviderError, identity_provider
from local.system import PROJECT


@pytest.fixture
def provider():
    try:
        with identity_provider() as running:
            yield running
    except IdentityProviderError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def test_a_provider_describes_itself_and_ends_with_its_block(provider):
    described = httpx.get(f"{provider.issuer}/.well-known/openid-configuration").json()
    assert described["issuer"] == provider.issuer == provider.config["jwtIssuer"]
    assert described["code_challenge_methods_supported"] == ["S256"]
    with identity_provider() as another:
        assert another.issuer != provider.issuer
    assert another.process.poll() is not None
    with pytest.raises(httpx.ConnectError):
        httpx.get(another.issuer)


def test_make_up_without_node_says_what_is_missing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", UP, str(tmp_path)],
        check=False,
        cwd=PROJECT,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == "signing in on this machine needs Node 20 or newer and `make provider`\n"


UP = """
import sys
from pathlib import Path
from local import up
up._PLACE = Path(sys.argv.pop()) / "up.lock"  # that of this checkout may be taken
sys.argv[1:] = ["--auth", "jwt"]
sys.exit(up.main())
"""
