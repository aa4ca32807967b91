"""A certified provider of OpenID Connect on loopback, where anybody signs in with any name.

It is the npm package `oidc-provider`, at the version of `package-lock.json`; needs Node.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.isolation import child_environment

_FOLDER: Final = Path(__file__).parent
_CLIENT_ID: Final = "image-intake-page"
AUDIENCE: Final = "urn:image-intake:local"


class IdentityProviderError(Exception):
    """The provider did not start; the message says what is missing, or what it printed."""


@dataclass(frozen=True, kw_only=True)
class IdentityProvider:
    """A running provider."""

    issuer: str
    process: subprocess.Popen[str]

    @property
    def config(self) -> dict[str, Any]:
        """The configuration of a stack whose page signs people in here."""
        return {
            "apiAuth": "jwt",
            "page": True,
            "jwtIssuer": self.issuer,
            "jwtAudience": [AUDIENCE],
            "signInClientId": _CLIENT_ID,
            "signInAudience": AUDIENCE,
        }

    def change(self, **settings: Any) -> None:
        """Change how tokens are issued from now on.

        `accessSeconds` is their life, `audience` another one than what is asked for (None for that), and
        `refresh` whether there are refresh tokens.
        """
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(settings) + "\n")
        self.process.stdin.flush()
        self.process.stdout.readline()


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """Run the provider for the duration of the block. Raises IdentityProviderError."""
    node = shutil.which("node")
    if node is None or not (_FOLDER / "node_modules" / "oidc-provider").is_dir():
        raise IdentityProviderError("signing in on this machine needs Node 20 or newer and `make provider`")
    with (
        tempfile.TemporaryFile("w+") as output,
        subprocess.Popen(  # noqa: S603 - our own program
            [node, "provider.mjs", _CLIENT_ID],
            cwd=_FOLDER,
            env=child_environment(os.environ, {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            start_new_session=True,  # an interrupt in the terminal reaches us alone
        ) as process,
    ):
        try:
            assert process.stdout
            issuer = process.stdout.readline().strip()
            if not issuer:
                output.seek(0)
                raise IdentityProviderError(f"the identity provider did not start:\n{output.read()}")
            yield IdentityProvider(issuer=issuer, process=process)
        finally:
            process.kill()
