"""Millrace's rate and that of a loop by hand, turn by turn: of what goes through a step, by both clocks."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from typing import Any

from tests.benchmarks.comparing import spread, written

Rates = tuple[float, float]
"""So many a second, and a second of processor time."""


def rates_of(count: int, start: tuple[float, float], end: tuple[float, float]) -> Rates:
    """So many between two readings of the clocks."""
    return count / (end[0] - start[0]), count / (end[1] - start[1])


def in_turn(ours: Callable[[], Rates], bare: Callable[[], Rates], pairs: int) -> dict[str, Any]:
    """The rates of both sides, after one run each to warm up; ratios are Millrace / bare."""
    ours(), bare()
    rates = []
    for number in range(pairs):
        # Whoever is first meets another machine than whoever is second; so both are both.
        first, second = (ours, bare) if number % 2 == 0 else (bare, ours)
        one, two = first(), second()
        rates.append((one, two) if number % 2 == 0 else (two, one))
    ratios, cpu_ratios = ([mine[place] / theirs[place] for mine, theirs in rates] for place in (0, 1))
    return {
        "millrace": statistics.median(mine[0] for mine, _ in rates),
        "bare": statistics.median(theirs[0] for _, theirs in rates),
        **spread("ratio", ratios),
        **spread("cpu_ratio", cpu_ratios),
        "pairs": pairs,
    }


def markdown(table: Mapping[str, Mapping[str, Any]], unit: str) -> str:
    """The table of all cases; `unit` is what is counted a second."""
    lines = [
        f"| what | cores | pairs | bare, {unit}/s | Millrace, {unit}/s | Millrace / bare (least to greatest) | "
        "the same, of processor time |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in table.items():
        sides = f"{row['bare']:.1f} | {row['millrace']:.1f}"
        ratios = f"{written(row, 'ratio')} | {written(row, 'cpu_ratio')}"
        lines.append(f"| {name} | {row['cores']} | {row['pairs']} | {sides} | {ratios} |")
    return "\n".join(lines) + "\n"
