"""Hashes, candidates and SSIM on photo-like images and on scikit-learn's digits."""

from __future__ import annotations

import io
import itertools
import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from sklearn.datasets import load_digits

from components.images import duplicates
from tests.components.images.pictures import encoded, photo

PHOTOS = [photo(48, 64, seed) for seed in range(150)]
DIGITS = [Image.fromarray((pixels * 15.9375).astype(np.uint8)) for pixels in load_digits().images]


def _jpeg(quality: int) -> Callable[[Image.Image], Image.Image]:
    return lambda image: Image.open(io.BytesIO(encoded(image, "JPEG", quality=quality)))


def _resized(factor: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.resize((round(image.width * factor), round(image.height * factor)))


def _brightened(factor: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: ImageEnhance.Brightness(image).enhance(factor)


CHANGES = {
    "jpeg 50": _jpeg(50),
    "jpeg 95": _jpeg(95),
    "smaller": _resized(0.7),
    "larger": _resized(1.3),
    "darker": _brightened(0.8),
    "brighter": _brightened(1.2),
    "all at once": lambda image: _jpeg(60)(_brightened(1.15)(_resized(0.75)(image))),
}


def found(
    originals: Sequence[Image.Image], copies: Sequence[Image.Image], max_distance: int, min_ssim: float
) -> tuple[float, float]:
    """Which share of the copies is found, and which share of the pairs that are no copies is flagged."""
    thumbnails = np.stack([duplicates.thumbnail(encoded(image)) for image in [*originals, *copies]])
    count = len(originals)
    splits = np.repeat([0, 1], count)
    pairs = np.array(duplicates.across(duplicates.hashes(thumbnails), splits, max_distance))
    similar = duplicates.ssim(thumbnails[pairs[:, 0]], thumbnails[pairs[:, 1]]) >= min_ssim
    injected = pairs[:, 1] - pairs[:, 0] == count
    return (similar & injected).sum() / count, (similar & ~injected).sum() / (count * (count - 1))


@pytest.mark.parametrize("name", CHANGES)
def test_changed_photos_are_found_and_others_are_not(name: str) -> None:
    recall, flagged = found(PHOTOS, [CHANGES[name](image) for image in PHOTOS], 8, 0.7)
    assert recall >= 0.95
    assert flagged == 0


def test_changed_digits_are_found_with_loose_limits() -> None:
    """8x8 pixels: what shrinking them leaves is as close to other digits as to the original."""
    chance = random.Random(0)
    kinds = [
        lambda image: _jpeg(chance.randint(50, 95))(image),
        lambda image: _resized(chance.uniform(0.7, 1.3))(image),
        lambda image: _brightened(chance.uniform(0.8, 1.2))(image),
    ]
    copies = [kinds[place % len(kinds)](image) for place, image in enumerate(DIGITS)]
    recall, flagged = found(DIGITS, copies, 12, 0.6)
    assert recall >= 0.95
    assert flagged <= 0.01

    recall, flagged = found(DIGITS, copies, 8, 0.7)
    assert recall >= 0.85
    assert flagged <= 0.001


@pytest.mark.parametrize("max_distance", [0, 4, 6, 8, 10])
def test_no_close_pair_is_missed(max_distance: int) -> None:
    chance = np.random.default_rng(max_distance)
    hashes = chance.integers(0, 1 << 64, 60, dtype=np.uint64)
    # Copies with 1 to 12 bits changed, of copies too, so that many distances occur.
    for _ in range(4):
        changed = hashes[chance.integers(0, len(hashes), 40)].copy()
        for place, bits in enumerate(chance.integers(1, 13, 40)):
            for bit in chance.choice(64, bits, replace=False).tolist():
                changed[place] ^= np.uint64(1 << bit)
        hashes = np.unique(np.concatenate([hashes, changed]))
    values = hashes.tolist()
    apart = {(a, b, (values[a] ^ values[b]).bit_count()) for a, b in itertools.combinations(range(len(values)), 2)}
    close = {pair for pair in apart if pair[2] <= max_distance}
    assert len(close) > 50 or not max_distance
    assert {tuple(row) for row in duplicates.neighbours(hashes, max_distance).tolist()} == close


def test_copies_within_a_split_are_no_pairs_and_many_copies_stay_few_pairs() -> None:
    hashes = np.array([7, 7, 9, 9], np.uint64)
    assert duplicates.across(hashes, np.array([0, 0, 1, 1]), 0) == []
    assert duplicates.across(hashes, np.array([0, 1, 0, 0]), 0) == [(0, 1, 0)]
    assert len(duplicates.across(hashes, np.array([0, 0, 1, 1]), 3)) == 4

    many = np.full(3000, 5, np.uint64)
    pairs = duplicates.across(many, np.arange(3000) % 3, 8)
    assert len(pairs) <= 3000 * 2 * duplicates.PARTNERS
    met = {(row, split) for a, b, _ in pairs for row, split in ((a, b % 3), (b, a % 3))}
    assert met == {(row, split) for row in range(3000) for split in range(3) if split != row % 3}


def test_images_of_one_colour_are_alike_only_if_they_are_as_bright() -> None:
    thumbnails = np.stack([duplicates.thumbnail(encoded(Image.new("L", (5, 9), grey))) for grey in (0, 90, 100, 255)])
    assert len(set(duplicates.hashes(thumbnails).tolist())) == 1
    black, dark, darker, _ = thumbnails
    assert duplicates.ssim([dark, black, dark], [darker, dark, dark]).tolist() == pytest.approx([0.994, 0, 1], abs=2e-3)
