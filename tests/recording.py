"""Runs a piece of a Pulumi program against the recording monitor, for tests of components."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from operations.plan.evaluate import Run, evaluate
from operations.plan.recorded import Evaluation, Recorded


def record(
    program: Callable[[], Any],
    *,
    answer: Callable[[Recorded], Mapping[str, Any]] | None = None,
    stacks: Mapping[str, Mapping[str, Any]] | None = None,
    preview: bool = True,
) -> Evaluation:
    """Evaluate `program` to its end and give what it registered.

    `answer` adds what a provider would answer to a resource (wire format: `operations.plan.wire.secret`
    marks a secret); `stacks` are the outputs of other stacks by name.
    """

    def run() -> None:
        program()

    return evaluate(
        run,
        Run(
            root=Path(),
            project="openova",
            stack="test",
            config={},
            secret_keys=frozenset(),
            answer=answer or (lambda resource: {}),
            read_stack=lambda name: (stacks or {}).get(name, {}),
            preview=preview,
        ),
    )
