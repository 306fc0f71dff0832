"""Nodes of the pipeline, as a config wants them, and what they are told of it."""
