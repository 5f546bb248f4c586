"""Values as bytes, between the grader and the sandbox: numbers, text, arrays, tuples and lists.

Nothing is ever run to read a value back, whatever the bytes are: this is no pickle. The same file
runs on both sides, so it needs NumPy and Python's library alone.
"""

from __future__ import annotations

import struct
from typing import Any

from numpy import asarray, float64, frombuffer, generic, ndarray

DEEPEST = 16  # lists in lists
LARGEST = 1 << 24  # bytes of a value
LONGEST = 100_000  # entries of a list

NUMBERS = {f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)}
NUMBERS |= {"b1", "f2", "f4", "f8", "c8", "c16"}


class MalformedError(ValueError):
    """The bytes are not a value, or a value is too large to cross."""


class Other:
    """Stands for an object that cannot cross: only the name of its type does."""

    def __init__(self, kind: str) -> None:
        self.kind = kind


def pack(value: Any) -> bytes:
    """A value as bytes.

    >>> unpack(pack((1, 2.5, "a", None, [True])))
    (1, 2.5, 'a', None, [True])
    >>> unpack(pack(asarray([1, 2], dtype="float32")))
    array([1., 2.], dtype=float32)
    """
    data = b"".join(_pieces(value, 0))
    if len(data) > LARGEST:
        raise MalformedError("the value is too large")
    return data


def _pieces(value: Any, depth: int) -> list[bytes]:
    if depth > DEEPEST:
        raise MalformedError("lists lie too deep in each other")
    kind = type(value)
    if value is None:
        return [b"N"]
    if kind is bool:
        return [b"B", bytes([value])]
    if kind is int and -(1 << 63) <= value < 1 << 63:
        return [b"I", struct.pack("<q", value)]
    if kind is float:
        return [b"F", struct.pack("<d", value)]
    if kind is complex:
        return [b"C", struct.pack("<dd", value.real, value.imag)]
    if kind is str:
        return _sized(b"S", value.encode("utf-8", "replace"))
    if kind is bytes:
        return _sized(b"Y", value)
    if isinstance(value, tuple | list):
        return _entries(b"T" if isinstance(value, tuple) else b"L", value, depth)
    if kind is ndarray or isinstance(value, generic):
        return _array(value, depth)
    if kind is not Other and (numbers := _numbers(value)) is not None:
        return _array(numbers, depth)
    return _sized(b"O", (value.kind if kind is Other else kind.__name__).encode("utf-8", "replace"))


def _sized(tag: bytes, data: bytes) -> list[bytes]:
    return [tag, struct.pack("<I", len(data)), data]


def _entries(tag: bytes, entries: Any, depth: int) -> list[bytes]:
    if len(entries) > LONGEST:
        raise MalformedError("the list is too long")
    start = [tag, struct.pack("<I", len(entries))]
    return start + [piece for entry in entries for piece in _pieces(entry, depth + 1)]


def _numbers(value: Any) -> Any:
    """What NumPy reads as numbers: a deque, a fraction, an integer of many digits. Or None.

    >>> _numbers(range(3)), _numbers(10**20), _numbers({1: 2})
    (array([0, 1, 2]), array(1.e+20), None)
    """
    try:
        array = asarray(value)
        if array.dtype.kind == "O" and not any(entry is None for entry in array.flat):
            array = array.astype(float64)
    except Exception:
        return None
    return array if array.dtype.kind in "biufc" else None


def _array(value: Any, depth: int) -> list[bytes]:
    array = asarray(value)
    if array.dtype.kind in "OUS":  # its entries cross one by one
        return _pieces(array.tolist(), depth + 1)
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(float64)
    name = f"{array.dtype.kind}{array.dtype.itemsize}"
    if name not in NUMBERS:
        return _pieces(Other(f"array of {array.dtype.name}"), depth)
    if array.nbytes > LARGEST:
        raise MalformedError("the array is too large")
    data = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    scalar = not isinstance(value, ndarray)
    shape = struct.pack(f"<BB{array.ndim}I", scalar, array.ndim, *array.shape)
    return [*_sized(b"A", name.encode()), shape, *_sized(b"", data)]


def unpack(data: bytes) -> Any:
    """The value that `pack` wrote, or `MalformedError` for any other bytes."""
    if len(data) > LARGEST:
        raise MalformedError("the value is too large")
    reader = _Reader(data)
    try:
        value = reader.value(0)
    except MalformedError:
        raise
    except (ValueError, struct.error, KeyError, OverflowError, MemoryError) as error:
        raise MalformedError(str(error)) from None
    if reader.at != len(data):
        raise MalformedError("bytes are left over")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, n: int) -> bytes:
        if n > len(self.data) - self.at:
            raise MalformedError("the bytes end early")
        self.at += n
        return self.data[self.at - n : self.at]

    def numbers(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def sized(self) -> bytes:
        return self.take(*self.numbers("<I"))

    def value(self, depth: int) -> Any:
        if depth > DEEPEST + 1:
            raise MalformedError("lists lie too deep in each other")
        tag = self.take(1)
        if tag == b"N":
            return None
        if tag == b"B":
            return self.take(1) != b"\0"
        if tag in (b"I", b"F"):
            return self.numbers("<q" if tag == b"I" else "<d")[0]
        if tag == b"C":
            return complex(*self.numbers("<dd"))
        if tag in (b"S", b"O"):
            text = self.sized().decode("utf-8", "replace")
            return text if tag == b"S" else Other(text[:60])
        if tag == b"Y":
            return self.sized()
        if tag in (b"T", b"L"):
            (n,) = self.numbers("<I")
            if n > LONGEST:
                raise MalformedError("the list is too long")
            entries = [self.value(depth + 1) for _ in range(n)]
            return tuple(entries) if tag == b"T" else entries
        if tag == b"A":
            return self.array()
        raise MalformedError("there is no such kind of value")

    def array(self) -> Any:
        name = self.sized().decode("ascii", "replace")
        if name not in NUMBERS:
            raise MalformedError("there is no such kind of array")
        scalar, ndim = self.numbers("<BB")
        shape = self.numbers(f"<{ndim}I")
        flat = frombuffer(self.sized(), dtype="u1" if name == "b1" else f"<{name}")
        array = (flat != 0 if name == "b1" else flat.copy()).reshape(shape)
        return array[()] if scalar and not ndim else array
