from boto3.dynamodb.types import TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from handlers.storage.dynamodb_items import to_item, to_row

values = st.recursive(
    st.text() | st.integers(-(10**30), 10**30) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(min_size=1), values, max_size=5))
def test_values_are_typed_as_boto3_types_them(row):
    assert to_item(row) == {name: TypeSerializer().serialize(value) for name, value in row.items()}


@given(
    st.dictionaries(
        st.text(min_size=1),
        st.text() | st.integers(-(10**30), 10**30) | st.booleans() | st.none(),
        max_size=5,
    )
)
def test_a_row_reads_back_as_it_was_written(row):
    read = to_row(to_item(row))
    assert read == row
    assert {name: type(value) for name, value in read.items()} == {n: type(v) for n, v in row.items()}
