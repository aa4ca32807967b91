"""Answers to the provider functions that programs ask about their surroundings."""

from collections.abc import Mapping
from typing import Any

from local.deployer.registry import Target, answers


@answers("aws:index/getCallerIdentity:getCallerIdentity")
def caller_identity(target: Target, _: Mapping[str, Any]) -> Mapping[str, Any]:
    """Who deploys: the emulator's root user."""
    arn = f"arn:aws:iam::{target.account}:root"
    return {"accountId": target.account, "arn": arn, "userId": target.account, "id": target.account}


@answers("aws:index/getRegion:getRegion")
def region(target: Target, _: Mapping[str, Any]) -> Mapping[str, Any]:
    """The region of the stack."""
    return {"name": target.region, "region": target.region, "id": target.region, "description": ""}


@answers("aws:index/getPartition:getPartition")
def partition(target: Target, _: Mapping[str, Any]) -> Mapping[str, Any]:
    """The partition that ARNs name."""
    return {
        "partition": "aws",
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
        "id": "aws",
        "region": target.region,
    }
