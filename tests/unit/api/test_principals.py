import pytest

from handlers.api.principals import Principal, identify
from handlers.api.problems import Problem

USER = "arn:aws:iam::123456789012:user/mail/ada"
SESSION = "arn:aws:sts::123456789012:assumed-role/Uploader/i-0abc"
ROLE = "arn:aws:iam::123456789012:role/Uploader"


def signed(arn, **more):
    return {"iam": {"userArn": arn, **more}}


def by_iam(authorizer, *admins):
    return identify(authorizer, auth="iam", admins=admins)


def by_token(**claims):
    return identify({"jwt": {"claims": claims}}, auth="jwt", admins=())


def test_a_user_is_its_arn():
    assert by_iam(signed(USER)) == Principal(name=USER)


def test_all_sessions_of_a_role_are_one_principal():
    other = SESSION.replace("i-0abc", "somebody@example.com")
    assert by_iam(signed(SESSION)) == by_iam(signed(other)) == Principal(name=ROLE)


def test_roles_of_two_accounts_and_partitions_are_two_principals():
    arns = [SESSION, SESSION.replace("1234", "9999"), SESSION.replace("arn:aws:", "arn:aws-cn:")]
    assert len({by_iam(signed(arn)).name for arn in arns}) == 3


def test_users_of_an_identity_pool_share_a_role_but_no_images():
    ada = by_iam(signed(SESSION, cognitoIdentity={"identityId": "eu-central-1:ada"}))
    bob = by_iam(signed(SESSION, cognitoIdentity={"identityId": "eu-central-1:bob"}))
    assert {ada.name, bob.name} == {f"{ROLE}/eu-central-1:ada", f"{ROLE}/eu-central-1:bob"}


@pytest.mark.parametrize(
    ("caller", "listed"),
    [(USER, USER), (SESSION, ROLE), (SESSION, ROLE.replace("role/", "role/with/a/path/"))],
)
def test_who_is_listed_is_an_administrator(caller, listed):
    assert by_iam(signed(caller), listed).admin
    assert not by_iam(signed(caller)).admin


@pytest.mark.parametrize("listed", [f"{USER}2", USER[:-1], USER.replace("mail/", ""), ROLE, "*"])
def test_nobody_else_is(listed):
    assert not by_iam(signed(USER), listed).admin


def test_a_role_that_is_named_like_an_administrator_in_another_account_is_none():
    assert not by_iam(signed(SESSION.replace("1234", "9999")), ROLE).admin


def test_a_token_is_its_issuer_and_subject():
    principal = by_token(iss="https://login.example.com", sub="ada", scope="openid images")
    assert principal == Principal(name="https://login.example.com#ada")


@pytest.mark.parametrize("scope", ["admin", "openid admin", "admin openid"])
def test_the_scope_admin_makes_an_administrator(scope):
    assert by_token(iss="https://login.example.com", sub="ada", scope=scope).admin


@pytest.mark.parametrize("scope", ["", "administrator", "Admin", "not-admin", "admin,openid", "superadmin"])
def test_a_scope_that_only_looks_like_it_does_not(scope):
    assert not by_token(iss="https://login.example.com", sub="ada", scope=scope).admin


@pytest.mark.parametrize(
    ("auth", "authorizer"),
    [
        ("iam", {}),
        ("iam", {"iam": None}),
        ("iam", signed(None)),
        ("iam", {"jwt": {"claims": {"iss": "https://login.example.com", "sub": "ada"}}}),
        ("jwt", {}),
        ("jwt", {"jwt": {"claims": {"iss": "https://login.example.com"}}}),
        ("jwt", {"jwt": {"claims": {"iss": "https://login.example.com", "sub": ""}}}),
        ("jwt", {"jwt": {"claims": {"iss": "https://login.example.com", "sub": "x" * 600}}}),
        ("jwt", {"jwt": {"claims": {"iss": "https://login.example.com", "sub": "\ud800"}}}),
        ("jwt", signed(USER)),
        ("something else", {}),
    ],
)
def test_a_caller_who_cannot_be_told_from_another_is_refused(auth, authorizer):
    with pytest.raises(Problem) as refused:
        identify(authorizer, auth=auth, admins=())
    assert (refused.value.status, refused.value.code) == (403, "unidentified-caller")


def test_without_authorisation_everybody_is_the_same_and_nobody_an_administrator():
    assert identify({}, auth="none", admins=()) == Principal(name="anonymous", admin=False)


@pytest.mark.parametrize(
    ("principal", "row", "seen"),
    [
        (Principal(name="ada"), {"Owner": "ada"}, True),
        (Principal(name="ada"), {"Owner": "bob"}, False),
        (Principal(name="ada"), {}, False),
        (Principal(name="eve", admin=True), {"Owner": "ada"}, True),
        (Principal(name="eve", admin=True), {}, True),
        (Principal(name="ada"), {"Owner": "ada", "Status": "DELETED"}, False),
        (Principal(name="eve", admin=True), {"Owner": "ada", "Status": "DELETED"}, False),
    ],
)
def test_an_image_is_seen_by_its_owner_and_by_administrators(principal, row, seen):
    assert principal.may_see({"Status": "READY", **row}) is seen
