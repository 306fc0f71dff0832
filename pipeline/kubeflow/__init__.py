"""From a config to a pipeline of Kubeflow Pipelines (backend 2.5 or later), as YAML."""
