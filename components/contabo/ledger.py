"""The record of orders that were sent, kept in the Contabo account itself, as tags.

A look-up alone cannot tell "never ordered" from "ordered, and not listed yet". So before an order is sent, a
tag says so, and as long as nobody acknowledges it no second order for that name is sent: not by the next
run, not after a crash, not from another machine or a CI runner that remembers nothing.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from components.contabo.errors import ContaboError, NoAnswerError
from components.contabo.transport import Transport

PREFIX: Final = "openova-order"
COLOUR: Final = "#0A78C3"
"""The API's own default; it wants one."""

_MARK: Final = re.compile(rf"{PREFIX}:(?P<name>[A-Za-z0-9-]+):(?P<sent>[0-9TZ]+):(?P<request>[0-9a-f-]{{36}})")
"""Contabo's tags may have letters, digits, colons, dashes and underscores, 255 at most."""


@dataclass(frozen=True)
class Mark:
    """That an order was about to be sent: the tag's id, the order's request id, and when (UTC)."""

    id: int
    request_id: str
    sent: str


class OrderLedger:
    """The marks of one account."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def open(self, name: str, acknowledged: Collection[str]) -> list[Mark]:
        """The orders for `name` that nobody has acknowledged. Raises NoAnswerError."""
        tags = self._transport.repeated(lambda: self._transport.pages("/v1/tags"))
        marks = [mark for tag in tags if (mark := _read(tag, name)) is not None]
        return [mark for mark in marks if mark.request_id not in acknowledged]

    def begin(self, name: str, acknowledged: Collection[str]) -> Mark:
        """Note that an order for `name` is about to be sent, and make sure that the note is there and the only one.

        Raises ContaboError where it is not: then nothing may be ordered.
        """
        request_id = str(uuid.uuid4())
        tag = f"{PREFIX}:{name}:{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}:{request_id}"
        try:
            answer = self._transport.post("/v1/tags", {"name": tag, "color": COLOUR}, request_id=str(uuid.uuid4()))
            said = answer.message
        except NoAnswerError as error:
            said = str(error)
        # What counts is not what was answered but what every other run will read.
        try:
            marks = self.open(name, acknowledged)
        except NoAnswerError as error:
            marks, said = [], f"{said}, then {error}"
        own = next((mark for mark in marks if mark.request_id == request_id), None)
        if own is None:
            raise ContaboError(
                f"Before an order a tag {PREFIX}:... is written to the account and read again. That failed ({said}).",
                "A second run could order a second time. Nothing was ordered.",
                "See that the API user may create and read tags (customer panel, user management), and run again. "
                f"Should the tag {tag!r} be there all the same, delete it: no order went with it.",
            )
        if len(marks) > 1:
            self.withdraw(own)
            raise ContaboError(
                f"Another run is ordering {name!r} at this moment.",
                "There would be two servers of this name. This run has ordered nothing.",
                "Run pulumi up from one place at a time, and run it again.",
            )
        return own

    def withdraw(self, mark: Mark) -> bool:
        """Take a note back whose order was certainly not accepted. False where that failed."""
        try:
            return self._transport.delete(f"/v1/tags/{mark.id}").status in (200, 204)
        except NoAnswerError:
            return False


def _read(tag: Any, name: str) -> Mark | None:
    try:
        match = _MARK.fullmatch(str(tag["name"]))
        if match is None or match["name"] != name:
            return None
        return Mark(int(tag["tagId"]), match["request"], match["sent"])
    except (KeyError, TypeError, ValueError) as error:
        raise NoAnswerError(f"a tag without {error}") from None
