"""Metrics of binary heads."""

from typing import Any

from tensorflow_model_analysis.metrics import confusion_matrix_metrics


class RocAuc(confusion_matrix_metrics.AUC):
    """TFMA's AUC, but NaN where there is only one class: TFMA says 0.0, which reads as a very bad model."""

    def _metric_value(self, **inputs: Any) -> float:
        matrices = inputs["matrices"]
        has_both = matrices.tp[0] + matrices.fn[0] > 0 and matrices.fp[0] + matrices.tn[0] > 0
        return float(super()._metric_value(**inputs)) if has_both else float("nan")


class PrecisionRecallAuc(confusion_matrix_metrics.AUCPrecisionRecall):
    """TFMA's area under precision over recall, but NaN where there are no positives: TFMA says 0.0."""

    def _metric_value(self, **inputs: Any) -> float:
        has_positives = inputs["matrices"].tp[0] + inputs["matrices"].fn[0] > 0
        return float(super()._metric_value(**inputs)) if has_positives else float("nan")
