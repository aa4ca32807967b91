"""The table's indexes: what the functions query is what the stack has."""

from handlers.contract.indexes import INDEXES, KEY_TYPES, SHARDS, shard_of


def test_the_table_has_the_indexes_that_the_api_queries(stack):
    table = stack.one("/table:Table", "intake-ImageMetadata").inputs
    for index, declared in zip(INDEXES, table["globalSecondaryIndexes"], strict=True):
        assert declared == {
            "name": index.name,
            "keySchemas": [
                *({"attributeName": name, "keyType": "HASH"} for name in index.partition),
                *({"attributeName": name, "keyType": "RANGE"} for name in index.sort),
            ],
            "projectionType": "KEYS_ONLY",
        }


def test_the_types_of_exactly_the_key_attributes_are_declared(stack):
    table = stack.one("/table:Table", "intake-ImageMetadata").inputs
    declared = {each["name"]: each["type"] for each in table["attributes"]}
    assert declared == KEY_TYPES
    assert set(declared) == {"ImageID"} | {name for index in INDEXES for name in index.partition + index.sort}


def test_every_index_is_sharded_and_no_key_has_more_attributes_than_dynamodb_takes():
    for index in INDEXES:
        assert "Shard" in index.partition
        assert len(index.partition) <= 4
        assert len(index.sort) <= 4


def test_images_spread_over_all_shards():
    counts = [0] * SHARDS
    for number in range(8000):
        counts[shard_of(f"01926a3e-7a{number:03x}")] += 1
    assert min(counts) > 700
