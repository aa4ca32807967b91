"""A stack whose callers bring tokens: which of them are let in, and what they may see."""

import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from handlers.contract import routes
from local.system import deployed
from tests.e2e.token_issuer import AUDIENCE, serving

FILE = {"name": "a.jpg", "contentType": "image/jpeg", "bytes": 10}


@pytest.fixture(scope="module")
def issuer():
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def guarded(issuer):
    """A stack with `apiAuth: jwt`.

    An issuer has to be an https:// URL, which one on loopback is not: the authorizer is told of it
    after the deployment.
    """
    config = {"apiAuth": "jwt", "jwtIssuer": "https://login.example.com", "jwtAudience": [AUDIENCE]}
    with deployed(config=config) as system:
        client = system.client("apigatewayv2")
        [api_id] = [each.id for each in system.deployment.resources if each.type.endswith(":Api")]
        [authorizer] = client.get_authorizers(ApiId=api_id)["Items"]
        client.update_authorizer(
            ApiId=api_id,
            AuthorizerId=authorizer["AuthorizerId"],
            JwtConfiguration={"Issuer": issuer.url, "Audience": [AUDIENCE]},
        )
        yield system


def call(system, token, method="GET", path="/images", **options):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return system.api.call(method, path, auth=None, headers=headers, **options)


def announced(system, token):
    answer = call(system, token, "POST", "/uploads", json={"files": [FILE]})
    assert answer.status_code == 200, answer.text
    return answer.json()["files"][0]["imageId"]


def test_a_good_token_is_let_in(guarded, issuer):
    token = issuer.token()
    image_id = announced(guarded, token)
    assert call(guarded, token, path=f"/images/{image_id}").json()["status"] == "PENDING"


def unsigned(issuer):
    return issuer.token(key="", algorithm="none")


def signed_with_another_key(issuer):
    return issuer.token(key=rsa.generate_private_key(public_exponent=65537, key_size=2048))


def signed_with_the_public_key_as_a_secret(issuer):
    public = issuer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    # PyJWT refuses to make such a token, so it is made by hand.
    header, claims, _ = issuer.token().split(".")
    algorithms = jwt.algorithms.get_default_algorithms()
    forged_header = jwt.utils.base64url_encode(json.dumps({"alg": "HS256", "kid": "one"}).encode()).decode()
    signature = algorithms["HS256"].sign(f"{forged_header}.{claims}".encode(), public)
    assert header != forged_header
    return f"{forged_header}.{claims}.{jwt.utils.base64url_encode(signature).decode()}"


def with_changed_claims(issuer):
    header, claims, signature = issuer.token(scope="images").split(".")
    changed = jwt.utils.base64url_decode(claims).replace(b'"images"', b'"admin"')
    assert b"admin" in changed
    return f"{header}.{jwt.utils.base64url_encode(changed).decode()}.{signature}"


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(lambda _: None, id="none"),
        pytest.param(lambda _: "not.a.token", id="no token"),
        pytest.param(lambda issuer: issuer.token(exp=1), id="expired"),
        pytest.param(lambda issuer: issuer.token(nbf=9_999_999_999), id="not valid yet"),
        pytest.param(lambda issuer: issuer.token(aud="another service"), id="of another audience"),
        pytest.param(lambda issuer: issuer.token(aud=None), id="without an audience"),
        pytest.param(lambda issuer: issuer.token(iss="https://elsewhere.example"), id="of another issuer"),
        pytest.param(lambda issuer: issuer.token(kid="two"), id="of an unknown key"),
        pytest.param(unsigned, id="unsigned"),
        pytest.param(signed_with_another_key, id="forged with another key"),
        pytest.param(signed_with_the_public_key_as_a_secret, id="forged with the public key"),
        pytest.param(with_changed_claims, id="tampered"),
    ],
)
@pytest.mark.parametrize("route", sorted(set(routes.ROUTES) - routes.PUBLIC))
def test_a_bad_token_is_refused_by_every_route(guarded, issuer, token, route):
    method, _, path = route.partition(" ")
    path = path.replace("{imageId+}", "x").replace("{batchId}", "x")
    assert call(guarded, token(issuer), method, path).status_code == 401


def test_a_token_that_does_not_say_whose_it_is_is_refused(guarded, issuer):
    answer = call(guarded, issuer.token(sub=None))
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:image-intake:problem:unidentified-caller"


def test_a_subject_sees_its_own_images_and_the_admin_scope_all(guarded, issuer):
    image_id = announced(guarded, issuer.token("ada"))
    statuses = {
        who: call(guarded, token, path=f"/images/{image_id}").status_code
        for who, token in {
            "ada": issuer.token("ada"),
            "ada again": issuer.token("ada", scope="images"),
            "bob": issuer.token("bob"),
            "admin": issuer.token("eve", scope="images admin"),
            "administrator": issuer.token("eve", scope="administrator"),
        }.items()
    }
    assert statuses == {"ada": 200, "ada again": 200, "bob": 404, "admin": 200, "administrator": 404}
    listed = call(guarded, issuer.token("bob")).json()["images"]
    assert image_id not in {image["imageId"] for image in listed}


def test_an_open_stack_takes_no_token_for_an_administrator(issuer):
    with deployed(config={"apiAuth": "none"}) as system:
        image_id = announced(system, None)
        assert call(system, None, path=f"/images/{image_id}").status_code == 200
        system.client("s3").put_object(
            Bucket=system.outputs["originalsBucket"], Key="uploads/dropped", Body=b"no image"
        )
        assert call(system, issuer.token(scope="admin"), path="/images/dropped").status_code == 404
