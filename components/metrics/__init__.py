"""Metrics that TFMA lacks, as TFMA metrics: an EvalConfig names them by their module and class."""
