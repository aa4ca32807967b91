import json
from dataclasses import replace

import pulumi
import pytest

from components import ConfigError, PipelineConfig
from local.mock_cloud import FakeCloud
from local.program import load_config, run_program
from tests.infra.registered import ROOT


class Untouched(FakeCloud):
    def new_resource(self, args):
        raise AssertionError(f"{args.name} was registered although the configuration is wrong")


def refusal(stack="dev", **values):
    """What the program says, having registered nothing."""
    overrides = {f"image-intake:{key}": value for key, value in values.items()}
    with pytest.raises(ConfigError) as refused:
        run_program(ROOT, stack, Untouched(), overrides)
    return str(refused.value)


JWT = {"apiAuth": "jwt", "jwtIssuer": "https://login.example.com", "jwtAudience": '["images"]'}
OUT_OF_BOUNDS = [
    ("maxUploadBytes", "0", "1 and 5368709120"),
    ("maxUploadBytes", "5368709121", "1 and 5368709120"),
    ("maxPixels", "0", "1 and 500000000"),
    ("maxSide", "65536", "1 and 65535"),
    ("maxFrames", "10001", "1 and 10000"),
    ("maxMetadataBytes", "67108865", "1 and 67108864"),
    ("apiRateLimit", "0", "1 and 10000"),
    ("apiBurstLimit", "5001", "1 and 5000"),
    ("uploadsPerHour", "0", "1 and 10000000"),
    ("uploadsPerHour", "10000001", "1 and 10000000"),
    ("uploadBytesPerHour", "0", "1 and 1125899906842624"),
    ("uploadBytesPerHour", "1125899906842625", "1 and 1125899906842624"),
    ("apiMemoryMiB", "127", "128 and 10240"),
    ("apiTimeoutSeconds", "30", "1 and 29"),
    ("apiReservedConcurrency", "-1", "0 and 10000"),
    ("apiReservedConcurrency", "10001", "0 and 10000"),
    ("urlSeconds", "59", "60 and 900"),
    ("urlSeconds", "901", "60 and 900"),
    ("pendingHours", "721", "1 and 720"),
    ("resizeMemoryMiB", "1023", "1024 and 10240"),
    ("resizeTimeoutSeconds", "901", "10 and 900"),
    ("recordSeconds", "0", "1 and 300"),
    ("retryBaseSeconds", "901", "1 and 900"),
    ("batchSize", "0", "1 and 10000"),
    ("batchSize", "10001", "1 and 10000"),
    ("batchingWindowSeconds", "301", "0 and 300"),
    ("maxConcurrency", "1", "2 and 1000"),
    ("maxConcurrency", "1001", "2 and 1000"),
    ("expressConcurrency", "1", "2 and 1000"),
    ("expressConcurrency", "1001", "2 and 1000"),
    ("expressPerHour", "-1", "0 and 10000"),
    ("expressPerHour", "10001", "0 and 10000"),
    ("expressAgeAlarmSeconds", "9", "10 and 86400"),
    ("maxReceiveCount", "4", "5 and 1000"),
    ("queueRetentionDays", "14", "1 and 13"),
    ("deadLetterRetentionDays", "15", "2 and 14"),
    ("incompleteUploadDays", "0", "1 and 30"),
    ("oldVersionDays", "0", "1 and 365"),
    ("originalsExpireDays", "-1", "0 and 3650"),
    ("auditRetentionDays", "0", "1 and 3650"),
    ("auditRetentionDays", "3651", "1 and 3650"),
    ("deliverySeconds", "0", "1 and 86400"),
    ("deliverySeconds", "86401", "1 and 86400"),
    ("deliveryReservedConcurrency", "-1", "0 and 10000"),
    ("malwareScanMinutes", "4", "5 and 720"),
    ("malwareScanMinutes", "721", "5 and 720"),
    ("queueAgeAlarmSeconds", "59", "60 and 86400"),
    ("rejectedShareAlarmPercent", "100", "1 and 99"),
    ("apiLatencyAlarmMilliseconds", "99", "100 and 29000"),
]


@pytest.mark.parametrize(("key", "value", "bounds"), OUT_OF_BOUNDS)
def test_a_number_out_of_bounds_is_refused_with_key_value_and_bound(key, value, bounds):
    assert refusal(**{key: value}) == f"{key}: {value} is not between {bounds}."


LOG_RETENTION = (
    "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653"
)
ALIAS = (
    "is an alias, which may name another key tomorrow, while policies name the key itself; "
    "give the key's ARN."
)
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
FAR = CERTIFICATE.replace("us-east-1", "eu-central-1")
ACL = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/viewers/11111111-2222-3333-4444-555555555555"
NEARBY_ACL = ACL.replace("us-east-1", "eu-central-1").replace("global", "regional")
NO_SECRET = (
    "webhookSecret: the value is not 16 to 512 printable ASCII characters without spaces, which "
    "webhookUrls needs; set it with pulumi config set --secret webhookSecret."
)
WRONG = [
    ({"delivery": "yes"}, "delivery: 'yes' is not a boolean (true or false)."),
    (
        {"delivery": "true", "deliveryDomain": "images.example.com"},
        "deliveryDomain is set but deliveryCertificate is not; a domain needs its certificate.",
    ),
    (
        {"delivery": "true", "deliveryCertificate": CERTIFICATE},
        "deliveryCertificate is set but deliveryDomain is not; a domain needs its certificate.",
    ),
    (
        {"delivery": "true", "deliveryDomain": "images.example.com", "deliveryCertificate": FAR},
        f"deliveryCertificate: '{FAR}' is in eu-central-1, and has to be in us-east-1.",
    ),
    (
        {"delivery": "true", "deliveryDomain": "https://example.com", "deliveryCertificate": CERTIFICATE},
        "deliveryDomain: 'https://example.com' is not a domain such as images.example.com, in lower case.",
    ),
    (
        {"deliveryDomain": "images.example.com", "deliveryCertificate": CERTIFICATE},
        "deliveryDomain is set but delivery is false; it is only used with delivery true.",
    ),
    (
        {"delivery": "true", "deliveryWebAcl": NEARBY_ACL},
        (
            f"deliveryWebAcl: '{NEARBY_ACL}' is not the ARN of a web ACL for CloudFront, such as "
            "arn:aws:wafv2:us-east-1:111122223333:global/webacl/NAME/ID."
        ),
    ),
    (
        {"deliveryWebAcl": ACL},
        "deliveryWebAcl is set but delivery is false; it is only used with delivery true.",
    ),
    (
        {"apiDomain": "api.example.com"},
        "apiDomain is set but apiCertificate is not; a domain needs its certificate.",
    ),
    (
        {"apiDomain": "api.example.com", "apiCertificate": "certificate"},
        "apiCertificate: 'certificate' is not the ARN of a certificate of ACM.",
    ),
    (
        {"apiDomain": "Example.com.", "apiCertificate": FAR},
        "apiDomain: 'Example.com.' is not a domain such as images.example.com, in lower case.",
    ),
    ({"protect": "yes"}, "protect: 'yes' is not a boolean (true or false)."),
    ({"accessLogs": "on"}, "accessLogs: 'on' is not a boolean (true or false)."),
    ({"dataEvents": "1"}, "dataEvents: '1' is not a boolean (true or false)."),
    ({"maxFrames": "many"}, "maxFrames: 'many' is not an integer."),
    ({"maxFrames": "1_000"}, "maxFrames: '1_000' is not an integer."),
    ({"maxFrames": "1.5"}, "maxFrames: '1.5' is not an integer."),
    ({"corsOrigins": "https://a.example"}, "corsOrigins: 'https://a.example' is not an array of strings."),
    ({"jwtAudience": "[1]"}, "jwtAudience: '[1]' is not an array of strings."),
    ({"apiAuth": "cognito"}, "apiAuth: cognito is not one of iam, jwt, none."),
    ({"logLevel": "info"}, "logLevel: info is not one of DEBUG, INFO, WARNING, ERROR."),
    ({"metadata": "all"}, "metadata: all is not one of rights, none."),
    (
        {"logRetentionDays": "15"},
        f"logRetentionDays: 15 is not one of {LOG_RETENTION}.",
    ),
    (
        {"permissionsBoundary": "boundary"},
        (
            "permissionsBoundary: 'boundary' is not the ARN of a managed policy, such as "
            "arn:aws:iam::111122223333:policy/boundary."
        ),
    ),
    (
        {"adminPrincipals": json.dumps([f"arn:aws:iam::111122223333:role/{n:050}" for n in range(40)])},
        (
            "adminPrincipals: 40 ARNs take 3400 bytes, more than the 3000 that fit into the function's "
            "environment; let people share a role."
        ),
    ),
    ({"batchsize": "5"}, "batchsize is not a configuration key; see Pulumi.yaml for the list."),
    (
        {"presets": '["small 512x512 contain webp"]'},
        "presets: no preset is called 'thumbnail'; found small.",
    ),
    (
        {"presets": '["thumbnail 0x128 cover jpeg"]'},
        "presets: preset 'thumbnail': width 0 is not between 1 and 8192.",
    ),
    ({"presets": "[]"}, "presets: 0 presets given; a stack has 1 to 16."),
    (
        {"apiAuth": "jwt", "jwtAudience": '["images"]'},
        "jwtIssuer: '' is not an https:// URL, which apiAuth jwt needs.",
    ),
    (
        {"apiAuth": "jwt", "jwtAudience": '["images"]', "jwtIssuer": "http://login.example.com"},
        "jwtIssuer: 'http://login.example.com' is not an https:// URL, which apiAuth jwt needs.",
    ),
    (
        {"apiAuth": "jwt", "jwtAudience": '["images"]', "jwtIssuer": "http://localhost.example.com"},
        "jwtIssuer: 'http://localhost.example.com' is not an https:// URL, which apiAuth jwt needs.",
    ),
    (
        {"apiAuth": "jwt", "jwtIssuer": "https://login.example.com"},
        "jwtAudience: [] is empty; apiAuth jwt needs 1 audience or more.",
    ),
    (
        {"jwtIssuer": "https://login.example.com"},
        "jwtIssuer is set but apiAuth is iam; it is only used with apiAuth jwt.",
    ),
    (
        {"jwtAudience": '["images"]'},
        "jwtAudience is set but apiAuth is iam; it is only used with apiAuth jwt.",
    ),
    (
        {"page": "true"},
        "page: true is refused when apiAuth is iam, since a browser cannot sign requests; use jwt.",
    ),
    (
        {"signInClientId": "page"},
        (
            "signInClientId is set but page is false and apiAuth is iam; it is only used with page: true and "
            "apiAuth jwt."
        ),
    ),
    (
        JWT | {"signInClientId": "page"},
        (
            "signInClientId is set but page is false and apiAuth is jwt; it is only used with page: true and "
            "apiAuth jwt."
        ),
    ),
    (
        JWT | {"page": "true", "signInAudience": "images"},
        "signInAudience is set but signInClientId is not; it is only used with signInClientId.",
    ),
    (
        JWT | {"page": "true", "signInClientId": "page", "signInAudience": "other"},
        (
            "signInAudience: 'other' is not one of jwtAudience (images), so every token of the page would be "
            "refused."
        ),
    ),
    (
        JWT | {"page": "true", "signInClientId": "päge"},
        ("signInClientId: 'päge' is not 1 to 256 printable ASCII characters, which a client id consists of."),
    ),
    (
        {"corsOrigins": '["*","https://www.example.com"]'},
        "corsOrigins: '*' allows every origin; do not list others beside it.",
    ),
    (
        {"corsOrigins": '["https://www.example.com/"]'},
        "corsOrigins: 'https://www.example.com/' is not an origin such as https://www.example.com.",
    ),
    (
        {"uploadBytesPerHour": "52428799"},
        (
            "uploadBytesPerHour: 52428799 is less than maxUploadBytes (52428800), so files of that size "
            "could never be uploaded."
        ),
    ),
    (
        {"batchSize": "13", "recordSeconds": "10"},
        "batchSize: 13 messages of recordSeconds 10 take 130 s at worst, more than resizeTimeoutSeconds 120.",
    ),
    (
        {"batchSize": "11", "batchingWindowSeconds": "0"},
        "batchSize: 11 is above 10, which needs batchingWindowSeconds of 1 or more.",
    ),
    (
        {"deadLetterRetentionDays": "4"},
        "deadLetterRetentionDays: 4 is not more than queueRetentionDays 4; age counts from the first send.",
    ),
    (
        {"maxReceiveCount": "1000"},
        "maxReceiveCount: 1000 receives, each hidden for 721 s, take longer than queueRetentionDays 4.",
    ),
    (
        {"kmsKey": "arn:aws:kms:eu-central-1:123456789012:alias/images"},
        f"kmsKey: 'arn:aws:kms:eu-central-1:123456789012:alias/images' {ALIAS}",
    ),
    (
        {"kmsKey": "alias/images"},
        f"kmsKey: 'alias/images' {ALIAS}",
    ),
    (
        {"kmsKey": "11111111-2222-3333-4444-555555555555"},
        "kmsKey: '11111111-2222-3333-4444-555555555555' is neither create nor the ARN of a KMS key.",
    ),
    (
        {"kmsKey": "arn:aws:kms:eu-central-1:123456789012:key/*"},
        "kmsKey: 'arn:aws:kms:eu-central-1:123456789012:key/*' is neither create nor the ARN of a KMS key.",
    ),
    ({"alarmEmails": '["operators"]'}, "alarmEmails: 'operators' is not an e-mail address."),
    ({"alarmUrls": '["http://pager.example/secret"]'}, "alarmUrls: an entry is not an https:// URL."),
    (
        {"alarmSlackChannel": "T/C"},
        "alarmSlackChannel: 'T/C' is not a workspace and a channel by id, like T07EXAMPLE/C07EXAMPLE.",
    ),
    (
        {"webhookUrls": '["https://hooks.example/x"]'},
        NO_SECRET,
    ),
    (
        {"webhookUrls": '["https://hooks.example/x"]', "webhookSecret": "too short"},
        NO_SECRET,
    ),
    (
        {"webhookSecret": "0123456789abcdef"},
        "webhookSecret is set but webhookUrls is empty; it is only used with webhookUrls.",
    ),
    *(
        (
            {"webhookUrls": json.dumps([url]), "webhookSecret": "0123456789abcdef"},
            "webhookUrls: an entry is not an https:// URL that EventBridge accepts.",
        )
        for url in (
            "http://hooks.example/secret",
            "https://hooks.example/*/x",
            "https://user:password@hooks.example/",
            "https://hooks.example/" + "x" * 2_048,
        )
    ),
    (
        {"webhookUrls": json.dumps(["https://a.example/"] * 2), "webhookSecret": "0123456789abcdef"},
        "webhookUrls: an entry is there twice.",
    ),
    (
        {
            "webhookUrls": json.dumps([f"https://{each}.example/" for each in "abcdef"]),
            "webhookSecret": "0123456789abcdef",
        },
        "webhookUrls: 6 URLs are more than the 5 targets of a rule.",
    ),
]


@pytest.mark.parametrize(("values", "sentence"), WRONG)
def test_a_wrong_configuration_is_refused_with_one_sentence(values, sentence):
    assert refusal(**values) == sentence


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"apiAuth": "none"}, "apiAuth: none is refused when protect is true; use iam or jwt."),
        ({"corsOrigins": '["*"]'}, "corsOrigins: '*' is refused when protect is true; name the origins."),
    ],
)
def test_a_protected_stack_is_never_open_to_everyone(values, sentence):
    assert refusal("prod", **values) == sentence


def test_all_wrong_keys_are_named_at_once():
    assert refusal(maxFrames="0", maxConcurrency="1", urlSeconds="10") == (
        "maxConcurrency: 1 is not between 2 and 1000.\n"
        "maxFrames: 0 is not between 1 and 10000.\n"
        "urlSeconds: 10 is not between 60 and 900."
    )


def test_a_key_that_is_missing_is_named():
    texts = {key: value for key, value in _texts().items() if key != "batchSize"}
    with pytest.raises(ConfigError, match=r"^batchSize is not set and has no default\.$"):
        PipelineConfig.parse(texts)


def test_an_error_ends_the_program_without_a_stack_trace():
    assert issubclass(ConfigError, pulumi.RunError)


def test_a_configuration_made_in_code_is_validated_too():
    config = PipelineConfig.parse(_texts())
    with pytest.raises(ConfigError, match=r"^maxConcurrency: 1 is not between 2 and 1000\.$"):
        replace(config, max_concurrency=1)


def test_values_that_just_fit_together_are_accepted(registered):
    stack = registered(batchSize="12", recordSeconds="10", deadLetterRetentionDays="5")
    assert stack.one(":EventSourceMapping", "intake-resize-from-queue").inputs["batchSize"] == 12


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555",
        "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/mrk-0123456789abcdef0123456789abcdef",
    ],
)
def test_the_arn_of_a_key_is_accepted_whatever_its_partition_and_kind(arn):
    assert PipelineConfig.with_defaults(kms_key=arn).kms_key == arn


def test_no_allowed_function_timeout_makes_a_visibility_timeout_that_sqs_refuses():
    config = replace(PipelineConfig.parse(_texts()), resize_timeout_seconds=900, batching_window_seconds=300)
    assert config.visibility_timeout_seconds <= 43_200


def _texts():
    config = load_config(ROOT, "dev")
    prefix = "image-intake:"
    return {key.removeprefix(prefix): text for key, text in config.items() if key.startswith(prefix)}


def test_configuration_of_other_namespaces_is_none_of_the_programs_business():
    config = json.loads(load_config(ROOT, "dev")["aws:defaultTags"])
    assert config["tags"]["Stack"] == "dev"
