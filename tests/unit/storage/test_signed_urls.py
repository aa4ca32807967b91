from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from handlers.storage import clients
from handlers.storage.signed_urls import SignedUrls
from tests.unit.resize_environment import VARIANTS


def test_a_signed_url_names_the_variant_and_expires(aws):
    url, _ = SignedUrls(clients.s3(), bucket=VARIANTS, seconds=900)("resized/a b/c")
    assert "resized/a%20b/c?" in url
    assert "X-Amz-Expires=900" in url


def test_signed_urls_name_the_region_so_that_no_redirect_breaks_their_signature(aws):
    url, _ = SignedUrls(clients.s3(), bucket=VARIANTS, seconds=1)("a")
    assert url.startswith("https://variants.s3.eu-central-1.amazonaws.com/a?")


def test_a_signed_url_is_not_said_to_live_longer_than_its_signature(aws):
    url, expires_at = SignedUrls(clients.s3(), bucket=VARIANTS, seconds=900)("a")
    [signed] = parse_qs(urlsplit(url).query)["X-Amz-Date"]
    dies = datetime.strptime(signed, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp() + 900
    assert dies - 5 <= expires_at <= dies
