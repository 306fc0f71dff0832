"""What the EvaluationReport needs to know of a Config."""

from __future__ import annotations

from typing import Any

from components.signatures import label_key
from pipeline.config import Config
from pipeline.config.evaluator import column_of
from pipeline.evaluation.eval_config import metrics_of, thresholds_of


def report_settings(config: Config) -> dict[str, Any]:
    """Heads, metrics, thresholds and slices, JSON-able."""
    return {
        "name": config.name,
        "split": config.evaluator.split,
        "slices": [[column_of(part) for part in each] for each in config.evaluator.slices],
        "ranges": {column: list(each.names) for column, each in config.evaluator.ranges.items()},
        "min_slice_size": config.evaluator.min_slice_size,
        "heads": [
            {
                "name": head.output_name,
                "task": head.task,
                "classes": list(head.label_spec.classes),
                "vocabulary": label_key(head.output_name),
                "metrics": {name: each.better for name, each in metrics_of(config, head).items()},
                "bounded": [name for name, each in metrics_of(config, head).items() if each.bounded],
                "thresholds": [threshold.model_dump() for threshold in thresholds_of(config, head)],
            }
            for head in config.heads
        ],
    }
