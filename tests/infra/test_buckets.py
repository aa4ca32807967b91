import pytest

BOTH = pytest.mark.parametrize("name", ["intake-originals", "intake-variants"])


@BOTH
def test_a_bucket_is_never_public(stack, name):
    assert stack.one(":BucketPublicAccessBlock", f"{name}-private").inputs == {
        "bucket": f"{name}-0a1b2c3",
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }


@BOTH
def test_a_bucket_knows_no_acls(stack, name):
    controls = stack.one(":BucketOwnershipControls", f"{name}-ownership").inputs
    assert controls["bucket"] == f"{name}-0a1b2c3"
    assert controls["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


@BOTH
def test_a_bucket_encrypts_what_it_stores(stack, name):
    encryption = stack.one(":BucketServerSideEncryptionConfiguration", f"{name}-encryption").inputs
    assert encryption["bucket"] == f"{name}-0a1b2c3"
    (rule,) = encryption["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}
    assert rule["blockedEncryptionTypes"] == ["SSE-C"]


@BOTH
def test_a_bucket_refuses_requests_without_tls(stack, name):
    assert stack.one(":BucketPolicy", f"{name}-policy").inputs["bucket"] == f"{name}-0a1b2c3"
    (statement,) = stack.statements(":BucketPolicy", f"{name}-policy")
    assert statement == {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{name}-0a1b2c3", f"arn:aws:s3:::{name}-0a1b2c3/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


@BOTH
def test_the_settings_that_s3_refuses_to_change_together_wait_for_each_other(stack, name):
    owned = stack.one(":BucketOwnershipControls", f"{name}-ownership")
    private = stack.one(":BucketPublicAccessBlock", f"{name}-private")
    assert owned.urn in private.dependencies
    assert private.urn in stack.one(":BucketPolicy", f"{name}-policy").dependencies


@BOTH
def test_incomplete_uploads_do_not_stay(stack, name):
    rules = stack.one(":BucketLifecycleConfiguration", f"{name}-lifecycle").inputs["rules"]
    assert [rule["abortIncompleteMultipartUpload"]["daysAfterInitiation"] for rule in rules[:1]] == [2]


def test_only_originals_keep_old_versions_since_variants_are_never_overwritten(stack):
    (versioning,) = stack.all(":BucketVersioning")
    assert versioning.inputs["bucket"] == "intake-originals-0a1b2c3"
    assert versioning.inputs["versioningConfiguration"] == {"status": "Enabled"}


def test_old_versions_expire_and_so_do_the_delete_markers_in_front_of_nothing(prod):
    lifecycle = prod.one(":BucketLifecycleConfiguration", "intake-originals-lifecycle")
    rule = lifecycle.inputs["rules"][1]
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
    assert rule["expiration"] == {"expiredObjectDeleteMarker": True}
    assert prod.one(":BucketVersioning").urn in lifecycle.dependencies


def test_originals_expire_when_the_stack_says_so(registered):
    stack = registered(originalsExpireDays="90")
    lifecycle = stack.one(":BucketLifecycleConfiguration", "intake-originals-lifecycle")
    assert lifecycle.inputs["rules"][1]["expiration"] == {"days": 90}


def test_every_lifecycle_rule_is_in_force(stack):
    for lifecycle in stack.all(":BucketLifecycleConfiguration"):
        assert {rule["status"] for rule in lifecycle.inputs["rules"]} == {"Enabled"}


def test_pages_of_the_configured_origins_may_post_uploads_and_no_others(dev, prod):
    (rule,) = prod.one(":BucketCorsConfiguration", "intake-originals-cors").inputs["corsRules"]
    assert rule["allowedMethods"] == ["POST"]
    assert rule["allowedOrigins"] == ["https://www.example.com", "https://upload.example.com"]
    (rule,) = dev.one(":BucketCorsConfiguration", "intake-originals-cors").inputs["corsRules"]
    assert rule["allowedOrigins"] == ["*"]


def test_pages_of_the_same_origins_may_read_variants_and_change_none(prod):
    (rule,) = prod.one(":BucketCorsConfiguration", "intake-variants-cors").inputs["corsRules"]
    assert rule["allowedMethods"] == ["GET", "HEAD"]
    assert rule["allowedOrigins"] == ["https://www.example.com", "https://upload.example.com"]


def test_the_page_of_the_stack_may_upload_beside_the_configured_origins(registered):
    stack = registered(page="true", apiAuth="none", corsOrigins='["https://www.example.com"]')
    (rule,) = stack.one(":BucketCorsConfiguration", "intake-originals-cors").inputs["corsRules"]
    assert rule["allowedOrigins"] == ["https://www.example.com", stack.one(":Api").outputs["apiEndpoint"]]


def test_without_origins_no_page_may_upload(registered):
    stack = registered(corsOrigins="[]")
    assert stack.all(":BucketCorsConfiguration") == []
    assert "corsConfiguration" not in stack.one(":Api").inputs
