import importlib
import json

import pytest

from handlers.contract import keys
from handlers.contract.presets import parse_presets
from handlers.contract.settings import ApiSettings, DeliverySettings, PublishSettings, ResizeSettings, load
from local.program import load_config
from tests.infra.registered import ROOT

ORIGINALS = ["express/", "uploads/"]
VARIANTS = [keys.VARIANTS_PREFIX]


def environment(stack, function):
    return stack.one("/function:Function", function).inputs["environment"]["variables"]


def test_the_resize_function_reads_back_what_the_stack_configured(prod):
    settings = load(ResizeSettings, environment(prod, "intake-resize"))
    assert settings == ResizeSettings(
        originals_bucket="intake-originals-0a1b2c3",
        variants_bucket="intake-variants-0a1b2c3",
        table_name="intake-ImageMetadata-0a1b2c3",
        queue_url="https://sqs.eu-central-1.amazonaws.com/123456789012/intake-uploads-0a1b2c3",
        express_queue_url=(
            "https://sqs.eu-central-1.amazonaws.com/123456789012/intake-uploads-express-0a1b2c3"
        ),
        presets=(
            "thumbnail 128x128 cover jpeg",
            "small 512x512 contain webp",
            "large 1600x1600 contain webp",
        ),
        metadata="rights",
        max_receive_count=5,
        record_seconds=10,
        retry_base_seconds=20,
        resize_memory_mib=1769,
        originals_expire_days=0,
        old_version_days=30,
        malware_scan=False,
        malware_scan_minutes=30,
        max_upload_bytes=52_428_800,
        max_pixels=50_000_000,
        max_side=30_000,
        max_frames=1_000,
        max_metadata_bytes=8_388_608,
    )


def test_the_api_function_reads_back_what_the_stack_configured(prod):
    settings = load(ApiSettings, environment(prod, "intake-api"))
    assert settings == ApiSettings(
        originals_bucket="intake-originals-0a1b2c3",
        variants_bucket="intake-variants-0a1b2c3",
        table_name="intake-ImageMetadata-0a1b2c3",
        quota_table_name="intake-quotas-0a1b2c3",
        uploads_per_hour=100_000,
        upload_bytes_per_hour=1024**4,
        express_per_hour=30,
        max_upload_bytes=52_428_800,
        pending_hours=24,
        url_seconds=900,
        old_version_days=30,
        api_auth="iam",
        admin_principals=(),
        jwt_issuer="",
        sign_in_client_id="",
        sign_in_audience="",
        kms_key_arn="",
    )


def test_the_publish_function_reads_back_what_the_stack_configured(prod):
    settings = load(PublishSettings, environment(prod, "intake-publish"))
    assert settings == PublishSettings(
        bus_name="intake-events-0a1b2c3",
        originals_bucket="intake-originals-0a1b2c3",
        dead_letter_queue_url="https://sqs.eu-central-1.amazonaws.com/123456789012/intake-events-dlq-0a1b2c3",
    )


def test_the_delivery_function_reads_back_what_the_stack_configured(registered):
    stack = registered(delivery="true", deliverySeconds="300")
    settings = load(DeliverySettings, environment(stack, "intake-delivery"))
    assert settings == DeliverySettings(table_name="intake-ImageMetadata-0a1b2c3", delivery_seconds=300)


def test_the_function_gives_up_on_the_receive_on_which_the_queue_does(registered):
    stack = registered(maxReceiveCount="7")
    redrive = json.loads(stack.one(":Queue", "intake-uploads").inputs["redrivePolicy"])
    settings = load(ResizeSettings, environment(stack, "intake-resize"))
    assert redrive["maxReceiveCount"] == settings.max_receive_count == 7


def test_both_functions_bound_an_upload_alike(registered):
    stack = registered(maxUploadBytes="1000000")
    assert load(ResizeSettings, environment(stack, "intake-resize")).limits.max_bytes == 1_000_000
    assert load(ApiSettings, environment(stack, "intake-api")).max_upload_bytes == 1_000_000


@pytest.mark.parametrize("function", ["intake-resize", "intake-api", "intake-publish"])
def test_logs_and_metrics_name_the_pipeline_among_all_of_the_account(prod, function):
    variables = environment(prod, function)
    assert variables["POWERTOOLS_SERVICE_NAME"] == "image-intake-prod-intake"
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "image-intake"


@pytest.mark.parametrize("function", ["intake-resize", "intake-api", "intake-publish", "intake-delivery"])
def test_the_entry_point_of_a_function_exists(registered, function):
    module, _, name = (
        registered(delivery="true").one("/function:Function", function).inputs["handler"].rpartition(".")
    )
    assert callable(getattr(importlib.import_module(module), name))


def test_the_bucket_announces_exactly_the_keys_that_are_originals(stack):
    queues = stack.one(":BucketNotification").inputs["queues"]
    prefixes = {queue["filterPrefix"] for queue in queues}
    assert prefixes == set(keys.ORIGINALS_PREFIXES.values())
    assert any(keys.original_key("a b/ü.jpg").startswith(prefix) for prefix in prefixes)


@pytest.mark.parametrize(
    ("function", "action", "bucket", "prefixes"),
    [
        ("resize", "s3:GetObject", "originals", ORIGINALS),
        ("resize", "s3:PutObject", "variants", VARIANTS),
        ("resize", "s3:DeleteObject", "variants", VARIANTS),
        ("api", "s3:PutObject", "originals", ORIGINALS),
        ("api", "s3:GetObject", "variants", VARIANTS),
    ],
)
def test_roles_reach_objects_below_the_prefix_of_the_key_layout(stack, function, action, bucket, prefixes):
    statements = stack.statements(":RolePolicy", f"intake-{function}-permissions")
    (statement,) = [statement for statement in statements if action in statement["Action"]]
    assert statement["Resource"] == [f"arn:aws:s3:::intake-{bucket}-0a1b2c3/{each}*" for each in prefixes]


def test_every_lifecycle_rule_is_about_the_prefix_of_the_key_layout(stack):
    for name, prefixes in (("originals", ORIGINALS), ("variants", VARIANTS)):
        lifecycle = stack.one(":BucketLifecycleConfiguration", f"intake-{name}-lifecycle")
        assert {rule["filter"]["prefix"] for rule in lifecycle.inputs["rules"]} == set(prefixes)


def test_the_default_presets_are_the_ones_that_the_service_documents():
    lines = json.loads(load_config(ROOT, "dev")["image-intake:presets"])
    presets = [(p.name, p.width, p.height, p.fit, p.format) for p in parse_presets(lines)]
    assert presets == [
        ("thumbnail", 128, 128, "cover", "jpeg"),
        ("small", 512, 512, "contain", "webp"),
        ("large", 1600, 1600, "contain", "webp"),
    ]


def test_the_largest_environment_fits_into_what_lambda_allows(registered):
    # 4 KB for all variables: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    longest = "8192x8192 cover avif quality=100 effort=10 position=attention enlarge"
    presets = [f"p{n:x}{'x' * 29} {longest}" for n in range(15)]
    stack = registered(
        presets=json.dumps(["thumbnail 128x128 cover jpeg", *presets]),
        adminPrincipals=json.dumps(["arn:aws:iam::111122223333:role/" + "r" * 60] * 31),
        kmsKey="create",
    )
    for function in stack.all("/function:Function"):
        variables = function.inputs["environment"]["variables"]
        assert sum(len(name) + len(value) for name, value in variables.items()) < 4096
