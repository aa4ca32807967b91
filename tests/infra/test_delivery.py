"""The distribution in front of the variants, the function behind it, and both domains."""

import json

import pytest

from handlers.contract import keys
from handlers.contract.permanent_urls import PATTERN
from local.mock_cloud import ACCOUNT, REGION, FakeCloud
from local.program import run_program
from tests.infra.base.test_key import could_be_keyed, keyless
from tests.infra.registered import ROOT, Registered

DISTRIBUTION = f"arn:aws:cloudfront::{ACCOUNT}:distribution/intake-delivery-0a1b2c3"
VARIANTS = "arn:aws:s3:::intake-variants-0a1b2c3"
CERTIFICATE = f"arn:aws:acm:{{}}:{ACCOUNT}:certificate/11111111-2222-3333-4444-555555555555"
WEB_ACL = f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/viewers/11111111-2222-3333-4444-555555555555"
MADE = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/intake-key-0a1b2c3"


@pytest.fixture
def delivering(registered):
    return registered(delivery="true")


def distribution(stack):
    return stack.one(":Distribution").inputs


def behaviors(stack):
    inputs = distribution(stack)
    return [inputs["defaultCacheBehavior"], *inputs["orderedCacheBehaviors"]]


def origin(stack, name):
    [found] = [each for each in distribution(stack)["origins"] if each["originId"] == name]
    return found


@pytest.mark.parametrize("stack_name", ["dev", "prod"])
def test_a_stack_has_nothing_of_it_unless_it_says_so(request, stack_name):
    stack = request.getfixturevalue(stack_name)
    types = {resource.type for resource in stack.deployment.resources}
    assert not {
        kind for kind in types if "cloudfront" in kind or "functionUrl" in kind or "logDelivery" in kind
    }
    assert not [
        found.name for found in stack.deployment.resources if found.name.startswith("intake-delivery")
    ]
    assert not {output for output in stack.deployment.outputs if "delivery" in output or "Domain" in output}


def test_it_adds_to_a_stack_and_changes_only_the_policy_of_the_variants(dev, delivering):
    before, after = (
        {found.urn: found.inputs for found in stack.deployment.resources if found.custom}
        for stack in (dev, delivering)
    )
    changed = {
        urn.rpartition("::")[2]
        for urn, inputs in before.items()
        if json.dumps(after[urn], default=lambda _: "", sort_keys=True)
        != json.dumps(inputs, default=lambda _: "", sort_keys=True)
    }
    # The dashboard shows the states of all alarms.
    assert changed == {"intake-variants-policy", "intake-dashboard"}


def test_permanent_urls_are_the_functions_and_everything_else_is_the_buckets(delivering):
    default, redirects = behaviors(delivering)
    assert default["targetOriginId"] == "variants"
    assert (
        (redirects["pathPattern"], redirects["targetOriginId"])
        == (PATTERN, "redirects")
        == ("/i/*", "redirects")
    )
    assert (
        origin(delivering, "variants")["domainName"] == f"intake-variants-0a1b2c3.s3.{REGION}.amazonaws.com"
    )
    assert origin(delivering, "redirects")["domainName"] == f"intake-delivery-url.lambda-url.{REGION}.on.aws"


def test_viewers_come_over_tls_and_only_read(delivering):
    for behavior in behaviors(delivering):
        assert behavior["viewerProtocolPolicy"] == "redirect-to-https"
        assert behavior["allowedMethods"] == behavior["cachedMethods"] == ["GET", "HEAD"]
    inputs = distribution(delivering)
    assert inputs["httpVersion"] == "http2and3"
    assert inputs["isIpv6Enabled"] is True
    assert inputs["enabled"] is True
    assert "defaultRootObject" not in inputs
    assert "loggingConfig" not in inputs


@pytest.mark.parametrize(("name", "kind"), [("variants", "s3"), ("redirects", "lambda")])
def test_the_distribution_signs_what_it_asks_of_an_origin(delivering, name, kind):
    control = delivering.one(":OriginAccessControl", f"intake-delivery-{name}")
    assert control.inputs == {
        "originAccessControlOriginType": kind,
        "signingBehavior": "always",
        "signingProtocol": "sigv4",
    }
    assert origin(delivering, name)["originAccessControlId"] == control.id


def test_the_function_is_asked_over_tls_too(delivering):
    custom = origin(delivering, "redirects")["customOriginConfig"]
    assert (custom["originProtocolPolicy"], custom["originSslProtocols"]) == ("https-only", ["TLSv1.2"])


def test_the_bucket_lets_the_distribution_read_variants_and_nothing_else(delivering):
    reads, tls = delivering.statements(":BucketPolicy", "intake-variants-policy")
    assert reads == {
        "Sid": "DistributionReads",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": f"{VARIANTS}/{keys.VARIANTS_PREFIX}*",
        "Condition": {"StringEquals": {"aws:SourceArn": DISTRIBUTION}},
    }
    assert tls["Sid"] == "TlsOnly"
    assert (
        delivering.one(":BucketPublicAccessBlock", "intake-variants-private").inputs["blockPublicPolicy"]
        is True
    )


def test_only_the_distribution_calls_the_function_and_only_by_its_url(delivering):
    assert delivering.one(":FunctionUrl").inputs == {
        "functionName": "intake-delivery-0a1b2c3",
        "authorizationType": "AWS_IAM",
    }
    permissions = [each.inputs for each in delivering.all(":Permission") if "delivery" in each.name]
    common = {
        "function": "intake-delivery-0a1b2c3",
        "principal": "cloudfront.amazonaws.com",
        "sourceArn": DISTRIBUTION,
    }
    # https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html: both, since October 2025
    assert permissions == [
        {**common, "action": "lambda:InvokeFunction", "invokedViaFunctionUrl": True},
        {**common, "action": "lambda:InvokeFunctionUrl", "functionUrlAuthType": "AWS_IAM"},
    ]


def test_the_function_reads_where_variants_are_and_nothing_else(delivering):
    reads, logs, traces = delivering.statements(":RolePolicy", "intake-delivery-permissions")
    assert reads == {
        "Effect": "Allow",
        "Action": ["dynamodb:GetItem"],
        "Resource": [f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/intake-ImageMetadata-0a1b2c3"],
        "Condition": {
            "ForAllValues:StringEquals": {"dynamodb:Attributes": ["ImageID", "Status", "Variants"]},
            "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
        },
    }
    assert logs["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert traces["Action"] == ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]


@pytest.mark.parametrize(("values", "seconds"), [({}, 60), ({"deliverySeconds": "7"}, 7)])
def test_no_cache_shows_an_erased_image_for_longer_than_the_stack_says(registered, values, seconds):
    # Variants say a year of themselves, which is for browsers: the most that CloudFront keeps them is this.
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html
    stack = registered(delivery="true", **values)
    policy = stack.one(":CachePolicy")
    assert {behavior["cachePolicyId"] for behavior in behaviors(stack)} == {policy.id}
    ttls = {ttl: policy.inputs[ttl] for ttl in ("minTtl", "defaultTtl", "maxTtl")}
    assert ttls == {"minTtl": 0, "defaultTtl": seconds, "maxTtl": seconds}
    function = stack.one("/function:Function", "intake-delivery").inputs["environment"]["variables"]
    assert function["DELIVERY_SECONDS"] == str(seconds)
    assert {
        each["errorCode"]: each["errorCachingMinTtl"] for each in distribution(stack)["customErrorResponses"]
    } == {
        403: seconds,
        404: 0,
    }


def test_nothing_but_the_path_makes_a_request_another_one(delivering):
    assert delivering.one(":CachePolicy").inputs["parametersInCacheKeyAndForwardedToOrigin"] == {
        "cookiesConfig": {"cookieBehavior": "none"},
        "headersConfig": {"headerBehavior": "none"},
        "queryStringsConfig": {"queryStringBehavior": "none"},
        "enableAcceptEncodingBrotli": False,
        "enableAcceptEncodingGzip": False,
    }
    assert not [behavior for behavior in behaviors(delivering) if "originRequestPolicyId" in behavior]


def test_every_answer_has_the_security_headers(delivering):
    policy = delivering.one(":ResponseHeadersPolicy")
    assert {behavior["responseHeadersPolicyId"] for behavior in behaviors(delivering)} == {policy.id}
    headers = policy.inputs["securityHeadersConfig"]
    assert all(header["override"] for header in headers.values())
    assert headers["contentSecurityPolicy"]["contentSecurityPolicy"].startswith("default-src 'none'")
    assert headers["strictTransportSecurity"]["accessControlMaxAgeSec"] == 31_536_000
    assert {"contentTypeOptions", "frameOptions", "referrerPolicy"} <= set(headers)


@pytest.mark.parametrize("origins", [["*"], ["https://www.example.com", "https://upload.example.com"]])
def test_pages_of_the_configured_origins_may_read_images(registered, origins):
    stack = registered(delivery="true", corsOrigins=json.dumps(origins))
    cors = stack.one(":ResponseHeadersPolicy").inputs["corsConfig"]
    assert cors["accessControlAllowOrigins"] == {"items": origins}
    assert cors["accessControlAllowCredentials"] is False
    assert cors["accessControlAllowMethods"] == {"items": ["GET", "HEAD"]}


def test_without_origins_no_page_may(registered):
    stack = registered(delivery="true", corsOrigins="[]")
    assert "corsConfig" not in stack.one(":ResponseHeadersPolicy").inputs


def test_without_a_domain_the_certificate_is_cloudfronts(delivering):
    inputs = distribution(delivering)
    assert inputs["viewerCertificate"] == {"cloudfrontDefaultCertificate": True}
    assert "aliases" not in inputs
    assert delivering.deployment.outputs["deliveryUrl"] == "https://intake-delivery.cloudfront.net"


def test_with_a_domain_viewers_need_tls_1_2_and_the_dns_gets_a_target(registered):
    stack = registered(
        delivery="true",
        deliveryDomain="images.example.com",
        deliveryCertificate=CERTIFICATE.format("us-east-1"),
    )
    inputs = distribution(stack)
    assert inputs["aliases"] == ["images.example.com"]
    assert inputs["viewerCertificate"] == {
        "acmCertificateArn": CERTIFICATE.format("us-east-1"),
        "sslSupportMethod": "sni-only",
        "minimumProtocolVersion": "TLSv1.2_2021",
    }
    outputs = stack.deployment.outputs
    assert outputs["deliveryUrl"] == "https://images.example.com"
    assert outputs["deliveryTarget"] == "intake-delivery.cloudfront.net"


def test_a_web_acl_is_that_of_the_stack(registered, delivering):
    assert "webAclId" not in distribution(delivering)
    assert distribution(registered(delivery="true", deliveryWebAcl=WEB_ACL))["webAclId"] == WEB_ACL


def test_the_function_may_have_concurrency_of_its_own(registered, delivering):
    reserved = "reservedConcurrentExecutions"
    assert reserved not in delivering.one("/function:Function", "intake-delivery").inputs
    stack = registered(delivery="true", deliveryReservedConcurrency="5")
    assert stack.one("/function:Function", "intake-delivery").inputs[reserved] == 5


def test_the_key_lets_distributions_of_the_account_decrypt_and_comes_before_all_of_them(registered):
    stack = registered(delivery="true", kmsKey="create")
    *_, decrypts = stack.statements(":KeyPolicy", "intake-key-policy")
    assert decrypts == {
        "Sid": "DistributionsDecrypt",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/*"}},
    }
    sids = [statement["Sid"] for statement in stack.statements(":BucketPolicy", "intake-variants-policy")]
    assert sids == ["DistributionReads", "TlsOnly", "NoOtherKey"]
    able = [found for found in stack.deployment.resources if could_be_keyed(found)]
    assert {"intake-delivery", "intake-delivery-log"} <= {found.name for found in able}
    assert {found.name: keyless(found, MADE) for found in able if keyless(found, MADE)} == {}


def test_without_delivery_the_key_knows_of_no_distribution(registered):
    statements = registered(kmsKey="create").statements(":KeyPolicy", "intake-key-policy")
    assert "DistributionsDecrypt" not in {statement["Sid"] for statement in statements}


@pytest.mark.parametrize(
    ("values", "logged"), [({"accessLogs": "true"}, True), ({"dataEvents": "true"}, False)]
)
def test_access_to_the_distribution_is_logged_where_that_to_the_buckets_is(registered, values, logged):
    stack = registered(delivery="true", **values)
    sids = [each["Sid"] for each in stack.statements(":BucketPolicy", "intake-audit-logs-policy")]
    assert ("AWSLogDeliveryWrite" in sids) == logged
    assert len(stack.all(":LogDelivery")) == logged


def test_cloudfront_delivers_its_logs_by_way_of_its_own_region_into_a_bucket_without_acls(registered):
    stack = registered(delivery="true", accessLogs="true")
    source, destination = stack.one(":LogDeliverySource"), stack.one(":LogDeliveryDestination")
    assert source.inputs == {"region": "us-east-1", "logType": "ACCESS_LOGS", "resourceArn": DISTRIBUTION}
    assert destination.inputs == {
        "region": "us-east-1",
        "outputFormat": "json",
        "deliveryDestinationConfiguration": {
            "destinationResourceArn": "arn:aws:s3:::intake-audit-logs-0a1b2c3"
        },
    }
    assert stack.one(":LogDelivery").inputs == {
        "region": "us-east-1",
        "deliverySourceName": source.outputs["name"],
        "deliveryDestinationArn": destination.outputs["arn"],
    }
    [admits] = [
        each
        for each in stack.statements(":BucketPolicy", "intake-audit-logs-policy")
        if each["Sid"] == "AWSLogDeliveryWrite"
    ]
    assert admits == {
        "Sid": "AWSLogDeliveryWrite",
        "Effect": "Allow",
        "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::intake-audit-logs-0a1b2c3/AWSLogs/{ACCOUNT}/*",
        "Condition": {
            "ArnLike": {"aws:SourceArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:delivery-source:*"},
            "StringEquals": {"aws:SourceAccount": ACCOUNT, "s3:x-amz-acl": "bucket-owner-full-control"},
        },
    }
    policy = stack.one(":BucketPolicy", "intake-audit-logs-policy")
    assert policy.urn in stack.one(":LogDelivery").dependencies


def test_the_api_has_a_domain_where_the_stack_names_one(registered, dev):
    assert dev.all(":DomainName") == dev.all(":ApiMapping") == []
    certificate = CERTIFICATE.format(REGION)
    stack = registered(apiDomain="api.example.com", apiCertificate=certificate)
    domain = stack.one(":DomainName")
    assert domain.inputs["domainName"] == "api.example.com"
    assert domain.inputs["domainNameConfiguration"] == {
        "certificateArn": certificate,
        "endpointType": "REGIONAL",
        "securityPolicy": "TLS_1_2",
    }
    mapping = stack.one(":ApiMapping").inputs
    assert (mapping["domainName"], mapping["apiId"]) == (domain.id, stack.one(":Api").id)
    assert mapping["stage"] == "$default"
    target = f"intake-api-domain.execute-api.{REGION}.amazonaws.com"
    assert stack.deployment.outputs["apiDomainTarget"] == target


def test_the_page_may_upload_from_the_domain_of_the_api_too():
    overrides = {
        "page": "true",
        "apiAuth": "none",
        "corsOrigins": '["https://www.example.com"]',
        "apiDomain": "api.example.com",
        "apiCertificate": CERTIFICATE.format(REGION),
    }
    stack = Registered(
        run_program(
            ROOT, "dev", FakeCloud(), {f"image-intake:{key}": text for key, text in overrides.items()}
        )
    )
    [rule] = stack.one(":BucketCorsConfiguration", "intake-originals-cors").inputs["corsRules"]
    assert "https://api.example.com" in rule["allowedOrigins"]
