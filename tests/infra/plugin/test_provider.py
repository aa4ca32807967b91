"""The provider, started as the engine starts it and spoken to over gRPC."""

import json
from concurrent.futures import ThreadPoolExecutor

import grpc
import pulumi
import pytest
import yaml
from pulumi.runtime.proto import provider_pb2

import imagectl
from components import ImagePipeline, PipelineConfig
from components.bundle import SKIP_LAYERS
from components.config.config_slice import camel_case
from components.outputs import ARNS, STACK
from local.evaluation import evaluate
from local.mock_cloud import FakeCloud
from local.program import run_program
from plugin.inputs import OUTPUTS, configuration
from tests.infra.plugin.engine import SECRET as SECRET_VALUE
from tests.infra.plugin.engine import SIGNATURE, TOKEN, Refused, output, provider
from tests.infra.registered import ROOT, PreviewedCloud

KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
KEY_URN = "urn:pulumi:dev::shop::aws:kms/key:Key::cats"
ROLE = "arn:aws:iam::123456789012:role/keeper"
SECRET = "sixteen-letters-or-more"
EVERYTHING = {
    "accessLogs": True,
    "apiDomain": "api.example.com",
    "apiCertificate": "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b",
    "delivery": True,
    "kmsKey": "create",
    "malwareScan": True,
}


@pytest.fixture(scope="module")
def running():
    with provider(**{SKIP_LAYERS: "1"}) as started:
        yield started


def one(constructed, kind, name):
    (found,) = [each for each in constructed.resources if each.type.endswith(kind) and each.name == name]
    return found


def refusal(running, **inputs):
    with pytest.raises(Refused) as refused:
        running.construct(FakeCloud(), inputs=inputs)
    assert "are not valid" in refused.value.message
    return refused.value.errors


def sentences_in_process(overrides):
    config = {f"image-intake:{key}": value for key, value in overrides.items()}
    with pytest.raises(pulumi.RunError) as raised:
        run_program(ROOT, "dev", FakeCloud(), config)
    return str(raised.value).splitlines()


def test_the_engine_gets_the_committed_schema_and_the_version(running):
    committed = json.loads((ROOT / "plugin" / "schema.json").read_text("utf-8"))
    assert running.schema() == committed
    assert committed["version"] == imagectl.__version__
    info = running.stub.GetPluginInfo(provider_pb2.google_dot_protobuf_dot_empty__pb2.Empty())
    assert info.version == imagectl.__version__


def test_the_schema_has_every_setting_described_and_optional():
    component = json.loads((ROOT / "plugin" / "schema.json").read_text("utf-8"))["resources"][TOKEN]
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text("utf-8"))["config"]
    settings = {key: setting for key, setting in declared.items() if ":" not in key}
    assert set(component["inputProperties"]) == set(settings)
    for key, setting in settings.items():
        assert component["inputProperties"][key]["description"].startswith(setting["description"]), key
    assert "requiredInputs" not in component


def test_only_what_resources_take_as_it_is_may_be_an_output():
    inputs = json.loads((ROOT / "plugin" / "schema.json").read_text("utf-8"))["resources"][TOKEN]
    possible = {
        key
        for key, schema in inputs["inputProperties"].items()
        if not schema.get("items", schema).get("plain")
    }
    assert possible == set(OUTPUTS)


def test_a_number_that_needs_more_than_32_bits_is_not_an_integer():
    inputs = json.loads((ROOT / "plugin" / "schema.json").read_text("utf-8"))["resources"][TOKEN]
    types = {key: schema["type"] for key, schema in inputs["inputProperties"].items()}
    assert [key for key, kind in types.items() if kind == "number"] == [
        "maxUploadBytes",
        "uploadBytesPerHour",
    ]


PROTECTED = {"protect": True, "corsOrigins": ["https://www.example.com"]}


@pytest.mark.parametrize("inputs", [{}, EVERYTHING, PROTECTED], ids=["defaults", "everything", "protected"])
def test_a_pipeline_is_what_a_program_in_python_registers_itself_by_the_same_names(running, inputs):
    constructed = running.construct(FakeCloud(), inputs=inputs)
    fields = {camel_case(name): name for name in PipelineConfig.declared()}
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in inputs.items()}
    config = PipelineConfig.with_defaults(**{fields[key]: value for key, value in values.items()})
    direct = evaluate(lambda: ImagePipeline("cats", config), FakeCloud(), "shop", "dev", {})
    assert constructed.urn == f"urn:pulumi:dev::shop::{TOKEN}::cats"
    described = {(each.type, each.name): each for each in direct.resources}
    assert {(each.type, each.name) for each in constructed.resources} == set(described)
    for each in constructed.resources:
        expected = described[each.type, each.name]
        assert repr(each.inputs) == repr(expected.inputs) or comparable(each) == comparable(expected), (
            each.urn
        )
        assert (each.protect, each.retain_on_delete) == (expected.protect, expected.retain_on_delete)


def comparable(resource):
    """Inputs without archives, which are equal if they are at the same place."""
    return json.loads(json.dumps(resource.inputs, default=lambda archive: archive.path, sort_keys=True))


def test_a_program_gets_what_a_stack_exports_and_the_arns_that_a_grant_needs(running):
    little, all_ = running.construct(FakeCloud()), running.construct(FakeCloud(), inputs=EVERYTHING)
    declared = {**STACK, **ARNS}
    assert set(all_.state) == set(declared)
    assert set(little.state) == {name for name, each in declared.items() if not each.when}
    assert little.monitor.outputs[little.urn] == little.state
    exported = run_program(ROOT, "dev", FakeCloud()).outputs
    assert set(exported) == {name for name, each in STACK.items() if not each.when}
    assert little.state["variantsBucketArn"] == "arn:aws:s3:::cats-variants-0a1b2c3"
    for name, arn in all_.state.items():
        assert not name.endswith("Arn") or arn.startswith("arn:aws:"), name


def test_the_required_outputs_of_the_schema_are_those_that_every_pipeline_has(running):
    component = running.schema()["resources"][TOKEN]
    assert set(component["required"]) == set(running.construct(FakeCloud()).state)
    assert set(component["properties"]) == {*STACK, *ARNS}
    types = {name: schema["type"] for name, schema in component["properties"].items()}
    state = running.construct(FakeCloud(), inputs=EVERYTHING).state
    assert {name for name, value in state.items() if isinstance(value, bool)} == {
        name for name, kind in types.items() if kind == "boolean"
    }


def test_a_first_preview_registers_everything_though_it_knows_no_output(running):
    previewed = running.construct(PreviewedCloud(), preview=True, inputs=EVERYTHING)
    made = running.construct(FakeCloud(), inputs=EVERYTHING)
    assert {each.urn for each in previewed.resources} == {each.urn for each in made.resources}
    assert previewed.state.get("apiUrl") is None


UNKNOWN = {
    "kmsKey": output(dependencies=[KEY_URN]),
    "permissionsBoundary": output(),
    "apiDomain": "api.example.com",
    "apiCertificate": output(),
    "apiAuth": "jwt",
    "jwtIssuer": output(),
    "jwtAudience": [output(), "shop"],
    "page": True,
    "signInClientId": output(),
    "signInAudience": "pictures",
    "delivery": True,
    "deliveryDomain": "images.example.com",
    "deliveryCertificate": output(),
    "deliveryWebAcl": output(),
    "webhookUrls": ["https://hooks.example.com/images"],
    "webhookSecret": output(secret=True),
}


def test_a_preview_takes_outputs_that_it_does_not_know_and_hands_them_on_unknown(running):
    previewed = running.construct(PreviewedCloud(), preview=True, inputs=UNKNOWN)
    table = one(previewed, ":Table", "cats-ImageMetadata")
    assert "kmsKeyArn" not in table.inputs["serverSideEncryption"]
    assert KEY_URN in table.references["serverSideEncryption"]
    assert "permissionsBoundary" not in one(previewed, ":Role", "cats-resize-role").inputs
    authorizer = one(previewed, ":Authorizer", "cats-api-jwt").inputs["jwtConfiguration"]
    assert authorizer == {"audiences": [None, "shop"]}
    assert "certificateArn" not in one(previewed, ":DomainName", "cats-api-domain").inputs.get(
        "domainNameConfiguration", {}
    )
    admins = running.construct(PreviewedCloud(), preview=True, inputs={"adminPrincipals": [output(), ROLE]})
    variables = one(admins, ":Function", "cats-api").inputs["environment"]["variables"]
    assert "ADMIN_PRINCIPALS" not in variables
    assert variables["API_AUTH"] == "iam"


def test_every_input_that_may_be_an_output_is_among_the_previewed_ones():
    given = {key for key, value in UNKNOWN.items() if isinstance(value, (dict, list))}
    assert given - {"webhookUrls"} | {"adminPrincipals"} == set(OUTPUTS)


def test_a_list_may_be_an_output_as_a_whole(running):
    inputs = {"apiAuth": "jwt", "jwtIssuer": "https://id.example.com", "jwtAudience": output(["a", "b"])}
    made = running.construct(FakeCloud(), inputs=inputs)
    assert one(made, ":Authorizer", "cats-api-jwt").inputs["jwtConfiguration"]["audiences"] == ["a", "b"]
    previewed = running.construct(PreviewedCloud(), preview=True, inputs={**inputs, "jwtAudience": output()})
    assert one(previewed, ":Authorizer", "cats-api-jwt")


def test_an_output_that_is_known_reaches_resources_with_its_dependencies(running):
    made = running.construct(
        FakeCloud(),
        inputs={
            "kmsKey": output(KEY, dependencies=[KEY_URN]),
            "adminPrincipals": [
                output(ROLE, dependencies=["urn:pulumi:dev::shop::aws:iam/role:Role::keeper"])
            ],
        },
    )
    table = one(made, ":Table", "cats-ImageMetadata")
    assert table.inputs["serverSideEncryption"]["kmsKeyArn"] == KEY
    assert KEY_URN in table.references["serverSideEncryption"]
    function = one(made, ":Function", "cats-api")
    assert function.inputs["environment"]["variables"]["ADMIN_PRINCIPALS"] == json.dumps([ROLE])
    assert "urn:pulumi:dev::shop::aws:iam/role:Role::keeper" in function.references["environment"]
    assert made.state["kmsKeyArn"] == KEY


def test_an_output_that_says_create_makes_a_key(running):
    made = running.construct(FakeCloud(), inputs={"kmsKey": output("create")})
    assert one(made, ":CustomerKey", "cats-key")
    none = running.construct(FakeCloud(), inputs={"kmsKey": output("")})
    assert "kmsKeyArn" not in none.state


@pytest.mark.parametrize(
    ("inputs", "overrides"),
    [
        ({"maxConcurrency": 1}, {"maxConcurrency": "1"}),
        ({"maxConcurrency": 2.5}, {"maxConcurrency": "2.5"}),
        ({"maxPixels": 0, "batchSize": 10001}, {"maxPixels": "0", "batchSize": "10001"}),
        ({"presets": ["small 1x1 cover jpeg"]}, {"presets": '["small 1x1 cover jpeg"]'}),
        ({"presets": "thumbnail"}, {"presets": "thumbnail"}),
        (
            {"apiAuth": "jwt", "jwtIssuer": "https://id.example.com", "jwtAudience": output("a")},
            {"apiAuth": "jwt", "jwtIssuer": "https://id.example.com", "jwtAudience": "a"},
        ),
        ({"page": "yes"}, {"page": "yes"}),
        ({"protect": True}, {"protect": "true"}),
        ({"maxConcurency": 3}, {"maxConcurency": "3"}),
        ({"kmsKey": "alias/cats"}, {"kmsKey": "alias/cats"}),
        ({"kmsKey": output("alias/cats")}, {"kmsKey": "alias/cats"}),
        ({"apiDomain": "api.example.com"}, {"apiDomain": "api.example.com"}),
        ({"adminPrincipals": [ROLE, output("me")]}, {"adminPrincipals": json.dumps([ROLE, "me"])}),
        (
            {"webhookUrls": ["https://hooks.example.com"], "webhookSecret": output("short", secret=True)},
            {"webhookUrls": '["https://hooks.example.com"]', "webhookSecret": "short"},
        ),
    ],
    ids=",".join,
)
def test_wrong_inputs_fail_with_the_sentences_of_a_stack_and_the_names_of_the_properties(
    running, inputs, overrides
):
    expected = sentences_in_process(overrides)
    errors = refusal(running, **inputs)
    assert [reason for _, reason in errors] == expected
    for path, reason in errors:
        assert reason.startswith(path.removesuffix("[*]"))


def test_a_secret_in_plain_text_is_refused(running):
    hooks = ["https://hooks.example.com"]
    errors = refusal(running, webhookUrls=hooks, webhookSecret=SECRET)
    assert errors == [
        (
            "webhookSecret[*]",
            "webhookSecret is in plain text; set it with pulumi config set --secret webhookSecret.",
        )
    ]
    errors = refusal(running, webhookUrls=hooks, webhookSecret=output(SECRET))
    assert [path for path, _ in errors] == ["webhookSecret[*]"]


def test_a_secret_stays_one(running):
    inputs = {"webhookUrls": ["https://hooks.example.com"], "webhookSecret": output(SECRET, secret=True)}
    made = running.construct(FakeCloud(), inputs=inputs)
    connection = one(made, ":EventConnection", "cats-events-webhooks-secret")
    sent = made.monitor.sent[connection.type, connection.name]
    header = sent["authParameters"]["apiKey"]
    found = header if SIGNATURE in header else header["value"]
    assert found[SIGNATURE] == SECRET_VALUE
    others = {key: each for key, each in made.monitor.sent.items() if key[1] != connection.name}
    assert SECRET not in repr(others)


def test_a_message_does_not_show_a_secret(running):
    ((path, reason),) = refusal(running, kmsKey=output("my-key-ring", secret=True))
    assert path == "kmsKey"
    assert "my-key-ring" not in reason
    assert reason == "kmsKey: [secret] is neither create nor the ARN of a KMS key."


def test_the_engine_is_given_no_path_to_a_value_that_may_hold_a_key_or_is_not_known(running):
    urls = {
        "alarmUrls": ["pager:1234"],
        "webhookUrls": ["hook:1234"],
        "webhookSecret": output(SECRET, secret=True),
    }
    assert {path for path, _ in refusal(running, **urls)} == {"alarmUrls[*]", "webhookUrls[*]"}
    assert {path for path, _ in refusal(running, apiCertificate=output())} == {"apiCertificate[*]"}
    assert {path for path, _ in refusal(running, kmsKey="k")} == {"kmsKey"}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (output(), "maxConcurrency[*]"),
        (output(20), "maxConcurrency"),
        (output(20, secret=True), "maxConcurrency"),
    ],
    ids=["unknown", "known", "secret"],
)
def test_what_decides_about_resources_has_to_be_plain(running, value, path):
    assert refusal(running, maxConcurrency=value) == [
        (
            path,
            "maxConcurrency is an output or a secret; pass a plain value, which every preview knows.",
        )
    ]


@pytest.mark.parametrize("key", OUTPUTS)
def test_what_stands_in_for_an_unknown_value_is_valid(key):
    others = {
        "adminPrincipals": {},
        "apiCertificate": {"apiDomain": "api.example.com"},
        "deliveryCertificate": {"delivery": True, "deliveryDomain": "images.example.com"},
        "deliveryWebAcl": {"delivery": True},
        "jwtAudience": {"apiAuth": "jwt", "jwtIssuer": "https://id.example.com"},
        "jwtIssuer": {"apiAuth": "jwt", "jwtAudience": ["a"]},
        "signInClientId": {
            "apiAuth": "jwt",
            "jwtIssuer": "https://id.example.com",
            "jwtAudience": ["a"],
            "page": True,
        },
    }
    plain = [OUTPUTS[key]] if key in ("adminPrincipals", "jwtAudience") else OUTPUTS[key]
    if key == "webhookSecret":
        assert PipelineConfig.with_defaults(webhook_urls=("https://hooks.example.com",), webhook_secret=plain)
        return
    assert configuration({**others.get(key, {}), key: plain})


def test_options_of_the_component_concern_everything_below(running):
    aws = "urn:pulumi:dev::shop::pulumi:providers:aws::ireland::0a1b"
    made = running.construct(
        FakeCloud(),
        name="pets",
        providers={"aws": aws},
        protect=True,
        dependencies=["urn:pulumi:dev::shop::aws:iam/role:Role::first"],
    )
    assert {each.provider for each in made.resources if each.custom} == {aws}
    assert {each.protect for each in made.resources} == {True}
    assert all(each.name.startswith("pets") for each in made.resources)


def test_two_pipelines_are_constructed_at_the_same_time(running):
    with ThreadPoolExecutor() as threads:
        names = ["cats", "dogs"]
        both = list(threads.map(lambda name: running.construct(FakeCloud(), name=name), names))
    for name, made in zip(names, both, strict=True):
        assert len(made.resources) > 100
        assert all(each.name.startswith(name) for each in made.resources)
        assert made.state["dashboardUrl"].endswith(f"shop-dev-{name}")


def test_a_provider_that_refused_inputs_constructs_the_next_pipeline(running):
    refusal(running, maxConcurrency=1)
    assert running.construct(FakeCloud(), inputs={"maxConcurrency": 3}).state["apiUrl"]


def test_another_resource_of_the_package_is_refused(running):
    with pytest.raises(grpc.RpcError, match="image-intake:index:Nothing is not"):
        running.construct(FakeCloud(), type_="image-intake:index:Nothing")
