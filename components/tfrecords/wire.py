"""Protocol buffers read side by side: the same field of many messages in one step.

Wire format: https://protobuf.dev/programming-guides/encoding.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
_Words = npt.NDArray[np.uint64]
_Bytes = npt.NDArray[np.uint8]

TAG_BITS = 3
_LENGTH_DELIMITED = 2
_WORD = 8
_FLOAT = 4
_LONGEST = 10
"""Bytes of a varint."""
_U = np.uint64
_DIGIT, _MORE = _U(0x7F), _U(0x80)
_TAIL = np.array([_U((1 << 8 * size) - 1) for size in range(_WORD + 1)])
"""What the first bytes of a word are, by how many."""
_ONE_VARINT = np.array([_U(0)] + [_U(0x8080808080808080 & (1 << 8 * (size - 1)) - 1) for size in range(1, _WORD + 1)])
"""The highest bits of the bytes of a word that holds one varint, by its size."""
_HIGHEST = _U(0x8080808080808080)


class Irregular(Exception):
    """The messages are not all alike, or not as usual."""


class Messages:
    """Many messages one behind the other, and words of them from any place on."""

    def __init__(self, messages: Sequence[bytes]) -> None:
        self.stops: Ints = np.cumsum(np.fromiter(map(len, messages), np.int64, len(messages)))
        self.starts: Ints = np.concatenate(([0], self.stops[:-1]))
        # Behind the last message a whole word can be read, too.
        self._whole = b"".join([*messages, bytes(_WORD)])
        self._data: _Bytes = np.frombuffer(self._whole, np.uint8)
        places = len(self._whole) - _WORD + 1
        self._words: _Words = np.ndarray((places,), "<u8", self._whole, strides=(1,))
        self._floats: npt.NDArray[np.float32] = np.ndarray((places,), "<f4", self._whole, strides=(1,))

    def field(self, at: Ints, stop: Ints, number: int) -> tuple[Ints, Ints]:
        """Where the content of the length-delimited field that begins at `at` begins and ends in each message.

        Raises:
            Irregular: another field begins there, or it goes beyond `stop`.
        """
        words = self._word(at)
        _check((words & _U(0xFF)) == _U(number << TAG_BITS | _LENGTH_DELIMITED))
        size = words >> _U(8) & _DIGIT
        start = at + 2
        place = 1
        longer = (words >> _U(8)) & _MORE != 0
        while longer.any():
            # Lengths are below 2^31.
            if place == 5:
                raise Irregular
            digit = words >> _U(8 * (place + 1))
            size = size | np.where(longer, digit & _DIGIT, _U(0)) << _U(7 * place)
            start += longer
            longer &= (digit & _MORE) != 0
            place += 1
        end = start + size.view(np.int64)
        _check(end <= stop)
        return start, end

    def same_text(self, start: Ints, stop: Ints) -> str:
        """The text that all messages have from `start` to `stop`.

        Raises:
            Irregular: they differ.
        """
        text = self._whole[start[0] : stop[0]]
        _check(stop - start == len(text))
        for place in range(0, len(text), _WORD):
            words = self._word(start + place) & _TAIL[min(_WORD, len(text) - place)]
            _check(words == words[0])
        try:
            return text.decode()
        except UnicodeDecodeError as error:
            raise Irregular from error

    def kind(self, at: Ints) -> int:
        """The number of the field that begins at `at` in all messages."""
        return int(self._data[at[0]]) >> TAG_BITS

    def floats(self, start: Ints, stop: Ints) -> tuple[npt.NDArray[np.float32], Ints]:
        """The packed floats in each message, all together, and how many there are of each."""
        sizes = stop - start
        if (sizes == _FLOAT).all():
            return self._floats[start], np.ones(len(start), np.int64)
        _check(sizes % _FLOAT == 0)
        return np.frombuffer(self.joined(start, stop), "<f4"), sizes // _FLOAT

    def ints(self, start: Ints, stop: Ints) -> tuple[Ints, Ints]:
        """The packed varints in each message, all together, and how many there are of each."""
        sizes = stop - start
        if ((sizes > 0) & (sizes <= _WORD)).all():
            words = self._word(start)
            if ((words & _TAIL[sizes] & _HIGHEST) == _ONE_VARINT[sizes]).all():
                return _of_digits(words, sizes), np.ones(len(start), np.int64)
        return _varints(np.frombuffer(self.joined(start, stop), np.uint8), sizes)

    def joined(self, start: Ints, stop: Ints) -> bytes:
        """The bytes from `start` to `stop` of all messages together."""
        whole = self._whole
        return b"".join([whole[first:last] for first, last in zip(start.tolist(), stop.tolist(), strict=True)])

    def _word(self, at: Ints) -> _Words:
        try:
            return self._words[at]
        except IndexError as error:
            raise Irregular from error


def _of_digits(words: _Words, sizes: Ints) -> Ints:
    """The varints that words begin with."""
    values = words & _DIGIT
    for place in range(1, int(sizes.max(initial=0))):
        digits = words >> _U(8 * place) & _DIGIT
        values |= np.where(sizes > place, digits, _U(0)) << _U(7 * place)
    return values.view(np.int64)


def _varints(raw: _Bytes, sizes: Ints) -> tuple[Ints, Ints]:
    """The varints in `raw`, and how many there are in each message, of which `sizes` says the bytes."""
    last = raw < _MORE
    stops = np.flatnonzero(last) + 1
    # The last byte of a message ends a number.
    ends = np.cumsum(sizes)
    _check(last[ends[sizes > 0] - 1])
    starts = np.concatenate(([0], stops))[:-1]
    _check(stops - starts <= _LONGEST)
    values = np.zeros(len(stops), np.uint64)
    for place in range(int((stops - starts).max(initial=0))):
        has = stops - starts > place
        values[has] |= (raw[starts[has] + place] & np.uint8(_DIGIT)).astype(np.uint64) << _U(7 * place)
    counts = np.concatenate(([0], np.cumsum(last)))[np.concatenate(([0], ends))]
    return values.view(np.int64), np.diff(counts)


def _check(holds: npt.NDArray[np.bool_]) -> None:
    if not holds.all():
        raise Irregular
