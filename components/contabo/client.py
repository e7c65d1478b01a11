"""Servers at Contabo: found by their exact names, ordered at most once, never reinstalled, never cancelled."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from components.contabo.errors import ContaboError, NoAnswerError
from components.contabo.ledger import Mark, OrderLedger
from components.contabo.model import RUNNING, Instance, Order
from components.contabo.transport import Credentials, Endpoints, Patience, Transport

INSTANCES: Final = "/v1/compute/instances"
NOT_ACCEPTED: Final = frozenset({400, 401, 402, 403, 404, 422, 429})
"""Answers to an order that say that it was not carried out (table of codes in the API reference)."""

_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def _silent(text: str) -> None:
    """Say nothing."""


class ContaboClient:
    """Contabo's compute API, as far as nodes need it. `note` is told what happens; no secret is among it."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        endpoints: Endpoints | None = None,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
        note: Callable[[str], None] = _silent,
    ) -> None:
        self._patience, self._sleep, self._note = patience or Patience(), sleep, note
        self._transport = Transport(credentials, endpoints or Endpoints(), self._patience, sleep)
        self._ledger = OrderLedger(self._transport)

    def find(self, display_name: str) -> list[Instance]:
        """The servers of exactly this name, from all pages. Raises ContaboError, NoAnswerError."""
        return [instance for instance in self._instances() if instance.display_name == display_name]

    def ensure(self, order: Order) -> Instance:
        """The running server of that name: adopted where there is one, otherwise ordered, once.

        Raises ContaboError where it is not there in the end, with what to do; and NoAnswerError where
        Contabo does not answer before anything was ordered.
        """
        if not _NAME.fullmatch(order.display_name):
            raise ContaboError(
                f"A server's name has letters, digits and hyphens, 63 at most; {order.display_name!r} has not.",
                "It could not be found again, nor its order be noted.",
                "Name the node <provider>-<region>-<number>.",
            )
        instance = self._only(order.display_name)
        if instance is None:
            instance = self._late(order) or self._order(order)
        else:
            self._note(f"found {order.display_name}: id {instance.id}, {instance.status}")
        return self._running(order, instance)

    def _instances(self) -> list[Instance]:
        # No filter: whether Contabo's is exact is not documented, and a server that it misses is ordered twice.
        found = self._transport.repeated(lambda: [Instance.read(item) for item in self._transport.pages(INSTANCES)])
        return list({instance.id: instance for instance in found}.values())

    def _only(self, name: str) -> Instance | None:
        found = self.find(name)
        if len(found) > 1:
            ids = ", ".join(str(instance.id) for instance in found)
            raise ContaboError(
                f"One server bears the name {name!r}; there are {len(found)} (ids {ids}).",
                "The wrong one could be set up, over what is on it.",
                "Rename all but the right one in the customer panel, and cancel what you do not need.",
            )
        return found[0] if found else None

    def _late(self, order: Order) -> Instance | None:
        """The server of an earlier order that was not listed until now; None where nothing was ordered before."""
        marks = self._ledger.open(order.display_name, order.acknowledged)
        if not marks:
            return None
        # Who may not order loses nothing by not waiting.
        if order.may_order and (instance := self._appear(order.display_name)) is not None:
            return instance
        orders = ", ".join(f"{mark.request_id} (sent {mark.sent})" for mark in marks)
        raise ContaboError(
            f"For one name one order is sent. For {order.display_name!r} it was: request id {orders}; no server of "
            "that name is listed.",
            "If its server is only late, a second order would be a second server to pay. Nothing was ordered.",
            "Run again later. Should it not come: ask Contabo's support what became of the request id (or, if you had "
            "cancelled that server, be sure that it is the one). Once you know that no server comes from it, put the "
            "request id into 'contabo.acknowledged'.",
        )

    def _order(self, order: Order) -> Instance:
        if not order.may_order:
            raise ContaboError(
                f"No server of the name {order.display_name!r} is in the account, and this run does not order.",
                "An order costs money; it is never a side effect.",
                "Give an existing server this name in the customer panel; or set 'contabo.orders: place'. Where the "
                "server was there before and is gone, see docs/contabo.md, 'A new server in place of a lost one'.",
            )
        mark = self._ledger.begin(order.display_name, order.acknowledged)
        self._note(f"ordering {order.display_name} ({order.product_id}, {order.region}): request id {mark.request_id}")
        try:
            answer = self._transport.post(
                INSTANCES, order.body(), request_id=mark.request_id, seconds=self._patience.order
            )
            said, refused = answer.message, answer.status in NOT_ACCEPTED
        except NoAnswerError as error:
            said, refused = str(error), False
        if refused:
            return self._only(order.display_name) or self._not_accepted(order.display_name, mark, said)
        if (instance := self._appear(order.display_name)) is None:
            raise ContaboError(
                f"The order for {order.display_name!r} was sent (request id {mark.request_id}); no server of that "
                f"name is listed yet. Contabo's answer: {said}.",
                "It may still be coming: a second order could be a second server to pay. It was not sent again.",
                "Run pulumi up again in some minutes: it is looked for, and not ordered again.",
            )
        return instance

    def _not_accepted(self, name: str, mark: Mark, said: str) -> NoReturn:
        taken_back = self._ledger.withdraw(mark)
        raise ContaboError(
            f"Contabo did not accept the order for {name!r} ({said}).",
            "Nothing was ordered.",
            "Compare 'contabo.productId', 'contabo.imageId', 'contabo.period', 'contabo.sshKeyIds' and the region's "
            "'location' with what Contabo offers, and see that the account may order."
            + ("" if taken_back else f" Then put {mark.request_id} into 'contabo.acknowledged'."),
        )

    def _appear(self, name: str) -> Instance | None:
        for pause in self._patience.appear:
            self._sleep(pause)
            try:
                instance = self._only(name)
            except NoAnswerError as error:
                self._note(f"look-up failed: {error}")
                continue
            if instance is not None:
                self._note(f"{name} is listed: id {instance.id}, {instance.status}")
                return instance
        return None

    def _running(self, order: Order, instance: Instance) -> Instance:
        deadline = time.monotonic() + self._patience.running
        current: Instance | None = instance
        every: Sequence[Instance] = self._instances()
        while True:
            if current is not None:
                order.check(current)
                order.check_host(current, every)
                if current.status == RUNNING and current.address and current.data_center:
                    return current
            if time.monotonic() > deadline:
                raise ContaboError(
                    f"{order.display_name} (id {instance.id}) is not running after {self._patience.running:g} s; its "
                    f"status is {current.status if current else 'not listed'!r}.",
                    "The node could not be set up. It was not ordered again.",
                    "Look at it in the customer panel, and run pulumi up again: it waits on.",
                )
            self._sleep(self._patience.poll)
            try:
                every = self._instances()
            except NoAnswerError as error:
                self._note(f"look-up failed: {error}")
                continue
            current = next((item for item in every if item.id == instance.id), None)
