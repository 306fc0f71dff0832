"""Millrace: one TFX pipeline definition, run locally or on Kubeflow Pipelines."""

__version__ = "0.1.0"
