"""`millrace drift`: the comparison, and the commands beside it."""

from __future__ import annotations

from typing import Any

import click

from pipeline.cli.drift.compare import compare
from pipeline.cli.drift.suggest import suggest
from pipeline.cli.drift.watch import watch


class _Drift(click.Group):
    """A group that is the comparison where the first word is none of its commands: `millrace drift A B`."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The comparison's own context: its usage and its errors say `millrace drift`."""
        if args and args[0] in self.commands:
            return super().make_context(info_name, args, parent, **extra)
        watched = any(arg.partition("=")[0] == "--watch" for arg in args)
        return (watch if watched else compare).make_context(info_name, args, parent, **extra)


drift = _Drift("drift", commands=[compare, suggest])
