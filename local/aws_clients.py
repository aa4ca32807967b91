"""boto3 clients of the emulator, each created once."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

_CONFIG = Config(
    # The emulator answers to bucket names in the path only, and checks version 4 signatures only.
    s3={"addressing_style": "path"},
    signature_version="s3v4",
    retries={"total_max_attempts": 3, "mode": "standard"},
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=32,
)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The access key of a user of the emulator, or of a session with its token."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


ROOT = Credentials(access_key_id="test", secret_access_key="test")  # noqa: S106 - the emulator's fixed root key


class Clients:
    """Clients for one endpoint, cached per service and caller; safe to share between threads.

    `certificate` is the one that an HTTPS endpoint shows, where no authority signed it.

    Creating a client parses its service's description, up to hundreds of milliseconds, so one
    loader serves all of them.
    """

    def __init__(self, *, endpoint: str, region: str, certificate: Path | None = None) -> None:
        self.endpoint = endpoint
        self.region = region
        self._verify = str(certificate) if certificate else None
        self._session = boto3.Session(botocore_session=botocore.session.Session(), region_name=region)
        self._clients: dict[tuple[str, Credentials, str], Any] = {}
        self._lock = threading.Lock()

    def client(self, service: str, caller: Credentials = ROOT, region: str = "") -> Any:
        """The boto3 client of `service` that calls as `caller`, in another `region` than its own if given."""
        with self._lock:
            key = (service, caller, region)
            if key not in self._clients:
                self._clients[key] = self._session.client(
                    service,  # type: ignore[call-overload]  # any service, by name
                    region_name=region or None,
                    endpoint_url=self.endpoint,
                    verify=self._verify,
                    config=_CONFIG if service == "s3" else _CONFIG.merge(Config(signature_version="v4")),
                    aws_access_key_id=caller.access_key_id,
                    aws_secret_access_key=caller.secret_access_key,
                    aws_session_token=caller.session_token,
                )
            return self._clients[key]
