"""DynamoDB tables."""

from typing import Any

from local.deployer.naming import api_shape, physical_name, tag_list
from local.deployer.registry import Created, Registration, Target, creates


@creates("aws:dynamodb/table:Table")
def table(target: Target, resource: Registration) -> Created:
    """A table with its indexes, TTL, point-in-time recovery and encryption."""
    name = physical_name(resource, limit=255)
    client = target.client("dynamodb")
    optional: dict[str, Any] = {}
    if resource.get("globalSecondaryIndexes"):
        optional["GlobalSecondaryIndexes"] = [_index(each) for each in resource["globalSecondaryIndexes"]]
    if resource.get("localSecondaryIndexes"):
        optional["LocalSecondaryIndexes"] = [
            _index({"hashKey": resource["hashKey"], **each}) for each in resource["localSecondaryIndexes"]
        ]
    if resource.get("streamEnabled"):
        optional["StreamSpecification"] = {
            "StreamEnabled": True,
            "StreamViewType": resource["streamViewType"],
        }
    if resource.get("serverSideEncryption"):
        optional["SSESpecification"] = api_shape(
            resource["serverSideEncryption"], {"kmsKeyArn": "KMSMasterKeyId"}
        )
    described = client.create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": each["name"], "AttributeType": each["type"]} for each in resource["attributes"]
        ],
        KeySchema=_key(resource.inputs),
        BillingMode=resource.get("billingMode", "PROVISIONED"),
        DeletionProtectionEnabled=resource.get("deletionProtectionEnabled", False),
        Tags=tag_list(resource["tags"]),
        **optional,
    )["TableDescription"]
    if resource.get("ttl"):
        ttl = {"AttributeName": resource["ttl"]["attributeName"], "Enabled": resource["ttl"]["enabled"]}
        client.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    if resource.get("pointInTimeRecovery", {}).get("enabled"):
        client.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
    outputs = {"name": name, "arn": described["TableArn"], "streamArn": described.get("LatestStreamArn", "")}
    return Created(name, outputs)


def _key(inputs: Any) -> list[dict[str, str]]:
    if inputs.get("keySchemas"):
        return [
            {"AttributeName": part["attributeName"], "KeyType": part["keyType"]}
            for part in inputs["keySchemas"]
        ]
    key = [{"AttributeName": inputs["hashKey"], "KeyType": "HASH"}]
    if inputs.get("rangeKey"):
        key.append({"AttributeName": inputs["rangeKey"], "KeyType": "RANGE"})
    return key


def _index(index: Any) -> dict[str, Any]:
    projection = {"ProjectionType": index["projectionType"]}
    if index.get("nonKeyAttributes"):
        projection["NonKeyAttributes"] = index["nonKeyAttributes"]
    return {"IndexName": index["name"], "KeySchema": _key(index), "Projection": projection}
