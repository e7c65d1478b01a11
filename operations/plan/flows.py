"""Which output of which stack feeds which input: traced through the values of the plan.

The engine tells only that an input depends on a stack reference. The plan's values are texts of their
own kind (keys, addresses, placeholders), so the output is the one whose texts stand in the input.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from operations.plan.recorded import REFERENCE_TYPE, Evaluation, Recorded
from operations.plan.values import SECRET_KEY, reveal

_SHORTEST = 6
"""Shorter texts (codes, ports, yes and no) stand in many inputs by chance."""


@dataclass(frozen=True, order=True)
class Flow:
    """An output of one stack, and an input of another stack's resource that it feeds."""

    from_stack: str
    output: str
    to_stack: str
    resource: str
    input: str


def flows(evaluations: Mapping[str, Evaluation]) -> list[Flow]:
    """All flows between the stacks, sorted."""
    texts = {
        stack: {name: frozenset(_texts(value)) for name, value in evaluation.outputs.items()}
        for stack, evaluation in evaluations.items()
    }
    return sorted({flow for name, evaluation in evaluations.items() for flow in _into(name, evaluation, texts)})


def _into(stack: str, evaluation: Evaluation, texts: Mapping[str, Mapping[str, frozenset[str]]]) -> Iterator[Flow]:
    references = {item.urn: item.name for item in evaluation.of_type(REFERENCE_TYPE)}
    for resource in evaluation.resources:
        if not resource.custom or resource.read:
            continue
        for name, urns in resource.feeds.items():
            sources = sorted({references[urn] for urn in urns if urn in references} & set(texts))
            if sources:
                yield from _feeding(stack, resource, name, {source: texts[source] for source in sources})


def _feeding(
    stack: str, resource: Recorded, name: str, sources: Mapping[str, Mapping[str, frozenset[str]]]
) -> Iterator[Flow]:
    given = json.dumps(reveal(resource.inputs.get(name)), default=str, ensure_ascii=False)
    found = {
        (source, output): {text for text in texts if json.dumps(text, ensure_ascii=False)[1:-1] in given}
        for source, outputs in sources.items()
        for output, texts in outputs.items()
    }
    for (source, output), texts in found.items():
        others = {text for key, more in found.items() if key != (source, output) for text in more}
        if any(not any(text != other and text in other for other in others) for text in texts):
            yield Flow(source, output, stack, resource.name, name)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key != SECRET_KEY:
                yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str) and len(value) >= _SHORTEST:
        yield value
