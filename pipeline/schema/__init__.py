"""Curated schemas: inferred, held against new data, edited without losing what a person wrote."""
