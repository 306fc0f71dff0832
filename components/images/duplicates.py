"""Near-duplicates: perceptual hashes propose pairs of images, their structural similarity (SSIM) decides.

The hash is the DCT hash of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010),
section 3.2.1: which of the 8x8 lowest frequencies are above their median. Half of its 64 bits are set, so distances
are even. SSIM is that of Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity"
(2004), window 11, sigma 1.5.
"""

import io
import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import tensorflow as tf
from PIL import Image

from components.images.luma import luma

SIDE = 32
"""Both look at images of 32x32 pixels; smaller ones are enlarged, as SSIM's window would not fit into them."""
PARTNERS = 3
"""Of images with equal hashes each is paired with so many of another split, as n copies make n**2 pairs."""

_LOW = 8
_WAVES = np.cos(np.pi / (2 * SIDE) * np.outer(np.arange(_LOW), 2 * np.arange(SIDE) + 1))
_WAVES[0] /= np.sqrt(2)
_ONES = np.array([value.bit_count() for value in range(1 << 16)], np.uint8)


def thumbnail(encoded: bytes) -> np.ndarray:
    """The luma of an encoded image, uint8 [32, 32]; aspect is not kept."""
    return np.asarray(luma(Image.open(io.BytesIO(encoded)), (SIDE, SIDE), Image.Resampling.BICUBIC))


def hashes(thumbnails: np.ndarray) -> np.ndarray:
    """The uint64 hash of each of [n, 32, 32]."""
    low = np.einsum("ij,njk,lk->nil", _WAVES, thumbnails.astype(np.float64), _WAVES).reshape(-1, _LOW * _LOW)
    # An image of one colour has no frequencies but what the arithmetic leaves, and brightness is no shape.
    low = low.round(3)
    low[:, 0] = np.inf
    return np.packbits(low > np.median(low, axis=1, keepdims=True), axis=1).view(">u8").astype(np.uint64).ravel()


def distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """In how many bits the hashes differ, pair by pair."""
    return _ONES[np.bitwise_xor(first, second).view(np.uint16).reshape(-1, 4)].sum(axis=1)


def neighbours(distinct: np.ndarray, max_distance: int) -> np.ndarray:
    """All pairs of `distinct` hashes up to `max_distance` apart: int64 [pairs, 3] of row, row, distance.

    None is missed: hashes that differ in d bits agree in at least two of d + 2 blocks of bits, so it is enough to
    compare those that agree in two of the max_distance + 2 blocks. If the bits are independent, that is one of 2,300
    pairs for a distance of 6, one of 160 for 8, one of 25 for 10, and about half of all for 14.
    """
    ends = np.linspace(0, 64, max_distance + 3).round().astype(int).tolist()
    blocks = [(1 << end) - (1 << start) for start, end in itertools.pairwise(ends)]
    found = np.zeros(0, np.int64)
    for first, second in itertools.combinations(blocks, 2):
        found = np.unique(np.concatenate([found, *_agreeing(distinct, np.uint64(first | second), max_distance)]))
    rows, others = np.divmod(found, max(1, len(distinct)))
    return np.column_stack([rows, others, distances(distinct[rows], distinct[others])]).astype(np.int64)


def across(hashes: np.ndarray, splits: np.ndarray, max_distance: int) -> list[tuple[int, int, int]]:
    """Pairs of images of different splits whose hashes are close: (row, row, distance), the smaller row first.

    Where more than PARTNERS images of a split have the same hash, not all pairs are returned, but every image that
    is close to one of another split is in a pair with that split.
    """
    distinct, which = np.unique(hashes, return_inverse=True)
    members: list[dict[int, list[int]]] = [defaultdict(list) for _ in distinct]
    for row, (place, split) in enumerate(zip(which.tolist(), splits.tolist(), strict=True)):
        members[place][split].append(row)
    same = [(place, place, 0) for place, each in enumerate(members) if len(each) > 1]
    pairs: dict[tuple[int, int], int] = {}
    for first, second, distance in [*same, *neighbours(distinct, max_distance).tolist()]:
        for a, b in _partners(members[first], members[second]):
            pairs[min(a, b), max(a, b)] = distance
    return [(a, b, distance) for (a, b), distance in sorted(pairs.items())]


def ssim(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> np.ndarray:
    """The structural similarity of thumbnails, pair by pair: 1 for equal ones."""
    pixels = [tf.constant(np.stack(side)[..., None], tf.float32) for side in (first, second)]
    return tf.image.ssim(*pixels, max_val=255.0).numpy()


def _agreeing(hashes: np.ndarray, mask: np.uint64, max_distance: int) -> Iterator[np.ndarray]:
    """The close ones of the pairs that agree in the bits of `mask`, as row * len(hashes) + larger row."""
    order = np.argsort(hashes & mask)
    agreeing = (hashes & mask)[order]
    at = np.arange(len(hashes))
    for step in itertools.count(1):
        at = at[at + step < len(hashes)]
        at = at[agreeing[at] == agreeing[at + step]]
        if not len(at):
            return
        first, second = order[at], order[at + step]
        near = distances(hashes[first], hashes[second]) <= max_distance
        yield np.minimum(first, second)[near] * len(hashes) + np.maximum(first, second)[near]


def _partners(first: Mapping[int, list[int]], second: Mapping[int, list[int]]) -> Iterator[tuple[int, int]]:
    """Pairs of rows of different splits, one of each group; every row is in one."""
    for here, rows in first.items():
        for there, others in second.items():
            for place in range(max(len(rows), len(others)) if here != there else 0):
                for further in range(min(PARTNERS, len(others))):
                    yield rows[place % len(rows)], others[(place + further) % len(others)]
