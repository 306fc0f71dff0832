"""Preprocessing, models, training and serving: what Transform and the Trainer run."""
