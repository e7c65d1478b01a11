"""What `pulumi up` does with the program's resources, by the same requests: a state, and what differs from it.

Resources are made while the program runs, as the engine does, so that ids flow on; what is no longer registered is
deleted at the end, users before what they use.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from lab.cloudflare.wire import KINDS, body_of, headers_of, path_of
from operations.plan.answers import answer as planned_answer
from operations.plan.check import checked
from operations.plan.monitor import Answer
from operations.plan.project import job_for
from operations.plan.recorded import Evaluation, Recorded
from operations.plan.values import Secret
from operations.plan.worker import run
from settings.naming import GLOBAL_STACK
from settings.project import read_project

Program = Callable[[Answer], Evaluation]
"""The program, or a piece of it, whose resources are answered one by one."""


def stack(root: Path, outputs: Callable[[str], Mapping[str, Any]], name: str = GLOBAL_STACK) -> Program:
    """A stack of the project in `root`; `outputs` gives those of a region's stack by its code."""

    def evaluated(answer: Answer) -> Evaluation:
        files = read_project(root)
        project = checked(files)
        known = {code: outputs(code) for code in project.platform.codes}
        return run(job_for(files, project, name, known, preview=False), answer)

    return evaluated


RETRIES = 10
"""How often the provider's client tries again after 408, 409, 429 and 5xx."""


class RefusedError(Exception):
    """What the API refused, or could not do in the end."""


@dataclass
class Made:
    """A resource of the state."""

    id: str
    type: str
    inputs: dict[str, Any]
    needs: frozenset[str]


@dataclass
class Applying:
    """A state and where it is carried out. `waits` are the seconds that were waited between tries (not in truth)."""

    base: str
    token: str
    state: dict[str, Made] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    retries: int = RETRIES
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def up(self, program: Program) -> list[str]:
        """Bring the state to what the program says. Gives what was done: `create`, `update`, `delete` and a name.

        Raises RefusedError; what was made before that is in the state.
        """
        self.done, errors = [], []
        seen: set[str] = set()

        def provide(resource: Recorded) -> Mapping[str, Any]:
            seen.add(resource.urn)
            try:
                with self._lock:
                    return self._registered(resource)
            except RefusedError as error:
                errors.append(error)
                raise

        try:
            program(provide)
        except Exception:
            if errors:
                raise errors[0] from None
            raise
        self._delete([urn for urn in self.state if urn not in seen])
        return self.done

    def preview(self, program: Program) -> list[str]:
        """What `up` would do, with nothing done."""
        differences: list[str] = []

        def provide(resource: Recorded) -> Mapping[str, Any]:
            if resource.type not in KINDS:
                return planned_answer(resource)
            made = self.state.get(resource.urn)
            if made is None or made.inputs != _plain(resource.inputs):
                differences.append(resource.name)
            return {"id": made.id} if made else {}

        evaluation = program(provide)
        urns = {one.urn for one in evaluation.resources}
        return differences + [urn for urn in self.state if urn not in urns]

    def destroy(self) -> list[str]:
        """Delete everything."""
        self.done = []
        self._delete([*self.state])
        return self.done

    def refresh(self) -> int:
        """Forget what is no longer there; gives how many."""
        gone = 0
        for urn, made in [*self.state.items()]:
            kind = KINDS[made.type]
            try:
                self.request("GET", f"{path_of(kind, made.inputs)}/{made.id}", headers=headers_of(kind, made.inputs))
            except RefusedError:
                del self.state[urn]
                gone += 1
        return gone

    def adopt(self, program: Program, id_: str, found: Mapping[str, Any]) -> None:
        """What `pulumi import` does: take an object into the state, as the resource of the program that has its name
        (and content)."""

        def provide(resource: Recorded) -> Mapping[str, Any]:
            inputs = _plain(resource.inputs)
            kind = KINDS[resource.type]
            same = inputs.get("name") == found["name"] and inputs.get("content") == found.get("content")
            if same and resource.urn not in self.state:
                needs = frozenset(urn for urns in resource.feeds.values() for urn in urns)
                self.state[resource.urn] = Made(id_, resource.type, inputs, needs)
            made = self.state.get(resource.urn)
            return {"id": made.id if made else f"unknown-{kind.path}"}

        program(provide)

    def fresh(self) -> Applying:
        """The same account with an empty state, as another stack has it."""
        return Applying(self.base, self.token)

    def request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """One request with the client's retries; gives the result. Raises RefusedError."""
        said = ""
        for _ in range(self.retries + 1):
            try:
                answer = httpx.request(
                    method,
                    f"{self.base}{path}",
                    json=body,
                    headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
                    timeout=30,
                )
            except httpx.TransportError as error:
                said = repr(error)
                continue
            if answer.status_code < 400:
                return answer.json()["result"]
            said = f"{method} {path}: {answer.status_code} {answer.json()['errors']}"
            if answer.status_code not in (408, 409, 429) and answer.status_code < 500:
                break
            self.waits.append(float(answer.headers.get("Retry-After", 0)))
        raise RefusedError(said)

    def _registered(self, resource: Recorded) -> dict[str, Any]:
        if resource.type not in KINDS:
            return dict(planned_answer(resource))
        kind, inputs = KINDS[resource.type], _plain(resource.inputs)
        path, headers, body = path_of(kind, inputs), headers_of(kind, inputs), body_of(kind, inputs)
        made = self.state.get(resource.urn)
        needs = frozenset({*resource.depends_on, *(urn for urns in resource.feeds.values() for urn in urns)})
        if made is None:
            result = self.request("PUT" if kind.settled else "POST", path, body, headers)
            made = Made(result.get("id") or result.get("name") or path, resource.type, inputs, needs)
            self.done.append(f"create {resource.name}")
        elif made.inputs != inputs:
            self.request(kind.update, path if kind.settled else f"{path}/{made.id}", body, headers)
            made = Made(made.id, resource.type, inputs, needs)
            self.done.append(f"update {resource.name}")
        self.state[resource.urn] = made
        return {"id": made.id}

    def _delete(self, urns: list[str]) -> None:
        left = set(urns)
        while left:
            used = {need for other, made in self.state.items() if other in left for need in made.needs}
            urn = sorted(left - used)[0]
            made = self.state[urn]
            kind = KINDS[made.type]
            if not kind.settled:
                path = f"{path_of(kind, made.inputs)}/{made.id}"
                try:
                    self.request("DELETE", path, headers=headers_of(kind, made.inputs))
                except RefusedError as error:
                    # The provider takes an object that is gone as deleted (cloudflare-go answers 404).
                    if " 404 " not in str(error):
                        raise
            del self.state[urn]
            left.remove(urn)
            self.done.append(f"delete {urn.rpartition('::')[2]}")


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return _plain(value.value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
