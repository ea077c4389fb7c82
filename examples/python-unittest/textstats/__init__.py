"""Counts what is in a text."""

from .stats import Stats, measure, most_common

__all__ = ["Stats", "measure", "most_common"]
