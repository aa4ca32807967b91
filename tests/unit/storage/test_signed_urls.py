from handlers.storage import clients
from handlers.storage.signed_urls import SignedUrls
from tests.unit.resize_environment import VARIANTS


def test_a_signed_url_names_the_variant_and_expires(aws):
    url = SignedUrls(clients.s3(), bucket=VARIANTS, seconds=900)("resized/a b/c")
    assert "resized/a%20b/c?" in url
    assert "X-Amz-Expires=900" in url


def test_signed_urls_name_the_region_so_that_no_redirect_breaks_their_signature(aws):
    url = SignedUrls(clients.s3(), bucket=VARIANTS, seconds=1)("a")
    assert url.startswith("https://variants.s3.eu-central-1.amazonaws.com/a?")
