"""What default thresholds catch, and how often they are wrong, on the real taxi trips."""

import collections
import concurrent.futures
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from tests.acceptance import drift_draws
from tests.pipeline.runners import drive

pytestmark = pytest.mark.acceptance

REPORTS, SLICED = 200, 20
CUTS, DRAWS = 20, 5
Found = TypeVar("Found")


def each_seed(function: Callable[[int], Found], seeds: range) -> Iterator[Found]:
    """`function` of each seed, on two cores."""
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=drive.context) as pool:
        yield from pool.map(function, seeds)


def test_random_halves_raise_no_alarm() -> None:
    found = list(each_seed(drift_draws.alarms, range(REPORTS)))
    assert len(found) == REPORTS
    assert sum(map(bool, found)) <= 0.05 * REPORTS, [each for each in found if each]


def test_random_slices_raise_no_alarm() -> None:
    found = list(each_seed(drift_draws.alarms_in_slices, range(SLICED)))
    assert sum(map(bool, found)) <= 0.05 * SLICED, [each for each in found if each]


def test_middle_and_strong_drift_is_caught() -> None:
    function = functools.partial(drift_draws.catches, draws=DRAWS)
    caught: dict[tuple[str, int], list[bool]] = collections.defaultdict(list)
    for name, strength, _, hit in itertools.chain.from_iterable(each_seed(function, range(CUTS))):
        caught[name, strength].append(hit)
    assert {len(hits) for hits in caught.values()} == {CUTS * DRAWS}
    shares = {key: sum(hits) / len(hits) for key, hits in caught.items()}
    assert {key: share for key, share in shares.items() if key[1] > 0 and share < 0.95} == {}
