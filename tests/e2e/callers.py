"""Callers besides the uploader and the operator, and what they are denied."""

import json

from botocore.exceptions import ClientError

from local.aws_clients import Credentials

_MAY_CALL = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}


def _policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def user(system, name):
    """A user who may call the API."""
    iam = system.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="call", PolicyDocument=_policy(_MAY_CALL))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])


def role(system, name):
    """A role whose sessions may call the API; returns its ARN."""
    iam = system.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="call", PolicyDocument=_policy(_MAY_CALL))
    return arn


def session(system, role_arn, name):
    """A session of a role."""
    key = system.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=name)["Credentials"]
    return Credentials(
        access_key_id=key["AccessKeyId"],
        secret_access_key=key["SecretAccessKey"],
        session_token=key["SessionToken"],
    )


def role_credentials(system, function):
    """The credentials that a function's code runs with."""
    role_arn = system.client("lambda").get_function_configuration(FunctionName=function)["Role"]
    return session(system, role_arn, "test")


def denied(client, operation, arguments):
    """Whether a call is refused by IAM; any other answer means that it is not."""
    try:
        getattr(client, operation)(**arguments)
    except ClientError as error:
        return "AccessDenied" in error.response["Error"]["Code"]
    return False
