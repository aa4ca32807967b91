"""Webhooks: HTTPS endpoints that get every event, and the secret that they get with it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from components.config.stack import StackConfig

# Without `*`, which stands for a part of the path that a target fills in.
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateApiDestination.html
_URL = re.compile(
    r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?](%[0-9A-Fa-f]{2}|[-()_.!~';/?:@&=+$,A-Za-z0-9])*)?"
)
_MAX_URL = 2_048
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html: the targets of a rule.
_MAX_URLS = 5
# A header's value, long enough not to be guessed.
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateConnectionApiKeyAuthRequestParameters.html
_SECRET = re.compile("[!-~]{16,512}")


@dataclass(frozen=True, kw_only=True)
class WebhooksConfig(StackConfig):
    """`webhook_secret` is sent to every endpoint in a header. Neither it nor a URL, which may hold a key, is
    shown in a message or a representation.
    """

    webhook_urls: tuple[str, ...] = field(repr=False)
    webhook_secret: str = field(repr=False)

    def conflicts(self) -> Iterator[str]:
        """Endpoints that EventBridge would refuse, and endpoints that could not recognize the sender."""
        if len(self.webhook_urls) > _MAX_URLS:
            count = len(self.webhook_urls)
            yield f"webhookUrls: {count} URLs are more than the {_MAX_URLS} targets of a rule."
        if len(set(self.webhook_urls)) < len(self.webhook_urls):
            yield "webhookUrls: an entry is there twice."
        for url in self.webhook_urls:
            if len(url) > _MAX_URL or not _URL.fullmatch(url):
                yield "webhookUrls: an entry is not an https:// URL that EventBridge accepts."
        if self.webhook_urls and not _SECRET.fullmatch(self.webhook_secret):
            yield (
                "webhookSecret: the value is not 16 to 512 printable ASCII characters without spaces, which "
                "webhookUrls needs; set it with pulumi config set --secret webhookSecret."
            )
        if self.webhook_secret and not self.webhook_urls:
            yield "webhookSecret is set but webhookUrls is empty; it is only used with webhookUrls."
