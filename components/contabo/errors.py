"""What can go wrong between us and Contabo."""

from __future__ import annotations


class ContaboError(Exception):
    """Something that a person has to know or decide: the rule, what would follow otherwise, and the way out."""

    def __init__(self, rule: str, consequence: str, fix: str) -> None:
        self.rule, self.consequence, self.fix = rule, consequence, fix
        super().__init__(f"{rule}\n  Otherwise: {consequence}\n  Fix: {fix}")


class NoAnswerError(Exception):
    """No usable answer came: a timeout, a cut connection, a 5xx, or a body that is not what was announced.

    Whether the request was carried out is unknown.
    """
