"""The drawn plan: what `openova plan` writes as report.html."""

from operations.report.page import render

__all__ = ["render"]
