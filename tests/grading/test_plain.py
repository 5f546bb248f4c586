"""What crosses into the sandbox and back: whole, or refused, and never run."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pgcompanion.grading.plain import DEEPEST, LONGEST, MalformedError, Other, pack, unpack

KINDS = [
    np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64,
    np.float16, np.float32, np.float64, np.complex64, np.complex128,
]  # fmt: skip
always_the_same = settings(derandomize=True, deadline=None, database=None)
numbers = st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 63) - 1) | st.text()
plain = st.recursive(
    numbers | st.floats(allow_nan=False) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner),
    max_leaves=8,
)


@always_the_same
@given(plain)
def test_plain_values_come_back_as_they_were(value: object) -> None:
    back = unpack(pack(value))
    assert back == value
    assert type(back) is type(value)


@always_the_same
@given(st.sampled_from(KINDS).flatmap(lambda k: arrays.arrays(k, arrays.array_shapes(min_dims=0))))
def test_arrays_keep_their_numbers_shape_and_type(array: np.ndarray) -> None:
    back = unpack(pack(array))
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("n", [1 << 63, -(1 << 63) - 1, -(1 << 64)])
def test_an_integer_of_more_than_64_bits_crosses_as_a_number_of_numpy(n: int) -> None:
    """The next one towards 0, the control, comes back as it was."""
    back = unpack(pack(n))
    assert type(back) is np.ndarray
    assert back == float(n)
    near = max(-(1 << 63), min(n, (1 << 63) - 1))
    assert type(unpack(pack(near))) is int
    assert unpack(pack(near)) == near


def test_an_array_of_more_than_double_precision_crosses_in_double() -> None:
    back = unpack(pack(np.array([0.5, 1.5], dtype=np.longdouble)))
    assert back.dtype == np.float64
    assert back.tolist() == [0.5, 1.5]


def test_a_scalar_of_numpy_stays_one() -> None:
    assert type(unpack(pack(np.float32(0.5)))) is np.float32
    assert type(unpack(pack(np.array(0.5)))) is np.ndarray


def test_big_endian_and_sliced_arrays_keep_their_numbers() -> None:
    array = np.arange(12.0).reshape(3, 4)[::-1, ::2].astype(">f8")
    np.testing.assert_array_equal(unpack(pack(array)), array)


@always_the_same
@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_malformed(data: bytes) -> None:
    try:
        pack(unpack(data))
    except MalformedError:
        return


@always_the_same
@given(plain, st.integers(0, 60), st.binary(min_size=1, max_size=4))
def test_damaged_bytes_are_a_value_or_malformed(value: object, at: int, noise: bytes) -> None:
    data = pack(value)
    try:
        unpack(data[:at] + noise + data[at + len(noise) :])
    except MalformedError:
        return


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value", [nested(DEEPEST + 1), [0] * (LONGEST + 1), np.zeros(1 << 22), "x" * (1 << 25)]
)
def test_what_is_too_large_does_not_cross(value: object) -> None:
    with pytest.raises(MalformedError):
        pack(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"L" + struct.pack("<I", 4_000_000_000),
        b"L\x01\0\0\0" * 5000 + b"N",
        b"A\x02\0\0\0f8" + struct.pack("<BB2I", 0, 2, 1 << 31, 1 << 31) + struct.pack("<I", 0),
        b"A\x02\0\0\0O8" + struct.pack("<BB", 0, 0) + struct.pack("<I", 8) + bytes(8),
        b"NN",
        b"Z" + pack(np.zeros(2))[1:],  # an array but for its tag
    ],
)
def test_bytes_that_promise_too_much_are_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        unpack(data)


def test_of_any_other_object_only_the_name_of_its_type_crosses() -> None:
    class Surprise:
        def __reduce__(self) -> object:  # what a pickle would run
            raise AssertionError

    back = unpack(pack(Surprise()))
    assert isinstance(back, Other)
    assert back.kind == "Surprise"


def test_arrays_of_text_and_of_objects_cross_entry_by_entry() -> None:
    assert unpack(pack(np.array(["a", "b"]))) == ["a", "b"]
    assert unpack(pack(np.array([None, 1], dtype=object))) == [None, 1]
