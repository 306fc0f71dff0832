"""Pushing a model: versions of a serving directory, and the component that adds one."""
