"""The stream of the table, as its consumers are given it."""

from typing import Any

from tests.unit.resize_environment import TABLE


def changes(clients: dict[str, Any]) -> list[dict[str, Any]]:
    """Every record since the table was made, in order."""
    streams = clients["dynamodbstreams"]
    [stream] = streams.list_streams(TableName=TABLE)["Streams"]
    described = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]
    [shard] = described["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )
    records = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    return [_honest(record) for record in records if not _is_bare(record, "NewImage")]


def _is_bare(record: dict[str, Any], image: str) -> bool:
    return list(record["dynamodb"].get(image, ())) == ["ImageID"]


def _honest(record: dict[str, Any]) -> dict[str, Any]:
    # An update of an item that is not there is two changes to moto: first the key alone, then the rest.
    if not _is_bare(record, "OldImage"):
        return record
    change = {name: value for name, value in record["dynamodb"].items() if name != "OldImage"}
    return {**record, "eventName": "INSERT", "dynamodb": change}
