"""The gate behind NearDuplicates: too many of them stop the run, as metrics would say too much."""

import dataclasses
import json
import os
from typing import Any, Optional

from absl import logging
from tfx import types
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, component_spec
from tfx.types.system_executions import Process

from components.artifacts import DuplicateImages, Verdict
from components.errors import GateError
from components.near_duplicates.result import FILE, PAGE, Counts, Pair, Result

_SHOWN = 5


@dataclasses.dataclass(frozen=True)
class Excess:
    """Two splits that share too much."""

    column: str
    counts: Counts
    pairs: list[Pair]
    """The most similar ones."""

    def __str__(self) -> str:
        counts = self.counts
        lines = [
            f"{counts.images:,} of {counts.of:,} images of {counts.split!r} ({counts.share:.2%}) nearly equal one of "
            f"{counts.other!r}"
        ]
        for pair in self.pairs:
            first, second = (f"{image.split}: {image.name}" for image in (pair.first, pair.second))
            lines.append(f"  {first} = {second} (SSIM {pair.ssim:.3f}, {pair.distance} bits of the hash differ)")
        return "\n".join(lines)


def excesses(found: Result, max_share: Optional[float]) -> list[Excess]:
    """The splits that share more than `max_share`; None allows all."""
    return [
        Excess(column.column, counts, column.of_splits(counts, _SHOWN))
        for column in found.columns
        for counts in column.splits
        if max_share is not None and counts.share > max_share
    ]


class Executor(base_executor.BaseExecutor):
    """Reads the list, writes `verdict.json`, and stops the run where a split shares too much with another."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Raises GateError with the numbers and the first pairs."""
        folder = artifact_utils.get_single_uri(input_dict["duplicates"])
        with fileio.open(os.path.join(folder, FILE)) as file:
            found = Result.model_validate_json(file.read())
        allowed = exec_properties.get("max_share")
        over = excesses(found, allowed)
        verdict = artifact_utils.get_single_instance(output_dict["verdict"])
        with fileio.open(os.path.join(verdict.uri, "verdict.json"), "w") as file:
            told = [
                {"column": column.column, **counts.model_dump()} for column in found.columns for counts in column.splits
            ]
            page = os.path.join(folder, PAGE)
            file.write(json.dumps({"passed": not over, "max_share": allowed, "splits": told, "page": page}, indent=2))
        if over:
            raise GateError(
                "\n".join(f"near-duplicates of {each.column}: {each}" for each in over)
                + f"\nAllowed is a share of {allowed:.2%}. See {page}\n"
                "Remove the copies, or keep those that belong together in one split (data.splits by a group column). "
                "If the pairs are no copies, raise duplicates.min_ssim; duplicates.max_share allows more of them"
            )
        for column in found.columns:
            logging.info("%s: %d near-duplicates across splits.", column.column, column.pairs)


class DuplicateGateSpec(types.ComponentSpec):
    """Duplicates in, a verdict out."""

    PARAMETERS = {"max_share": component_spec.ExecutionParameter(type=float, optional=True)}
    INPUTS = {"duplicates": component_spec.ChannelParameter(type=DuplicateImages)}
    OUTPUTS = {"verdict": component_spec.ChannelParameter(type=Verdict)}
    TYPE_ANNOTATION = Process


class DuplicateGate(base_component.BaseComponent):
    """Stops the run when splits share too many images; what must not run then comes after this node."""

    SPEC_CLASS = DuplicateGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, duplicates: types.BaseChannel, max_share: Optional[float]) -> None:
        """Args:
        duplicates: those of NearDuplicates.
        max_share: of the images of the smaller of two splits, how many may have a near-duplicate in the other;
            None allows any.
        """
        super().__init__(
            DuplicateGateSpec(
                duplicates=duplicates,
                max_share=None if max_share is None else float(max_share),
                verdict=types.Channel(type=Verdict),
            )
        )
