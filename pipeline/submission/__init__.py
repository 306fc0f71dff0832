"""Compiled pipelines on Kubeflow Pipelines: uploaded, run, scheduled, waited for, resumed."""
