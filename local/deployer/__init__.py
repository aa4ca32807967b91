"""Applies the Pulumi program to the emulator: each registered resource is really created there.

One module an AWS service, one small function a resource type. To teach it another type, write

    @creates("aws:ssm/parameter:Parameter")
    def parameter(target: Target, resource: Resource) -> Created: ...

in the module of the service, and import a new module here.
"""

from local.deployer import (
    apigatewayv2,
    chatbot,
    cloudtrail,
    cloudwatch,
    dynamodb,
    guardduty,
    iam,
    kms,
    lambda_,
    queries,
    s3,
    sns,
    sqs,
)
from local.deployer.mocks import Deployer
from local.deployer.registry import DeploymentError, Target

__all__ = ["Deployer", "DeploymentError", "Target"]

# Importing a module registers what it creates.
_SERVICES = (
    apigatewayv2,
    chatbot,
    cloudtrail,
    cloudwatch,
    dynamodb,
    guardduty,
    iam,
    kms,
    lambda_,
    queries,
    s3,
    sns,
    sqs,
)
