"""Traffic follows a change of authority at once; `pulumi up --stack global` then finds it done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from operations.edge.model import EdgeAccess
from settings.platform import Platform

UP = "pulumi up --stack global"


@contextmanager
def carrying_out(access: Callable[[], EdgeAccess], platform: Platform, say: Callable[[str], None]) -> Iterator[None]:
    """The settings' orders are given to the edge while the block runs, and what came of it is said at its end.

    The edge stops nothing: whatever goes wrong there is one line with the next step.
    """
    with ThreadPoolExecutor(max_workers=1) as doing:
        task = doing.submit(_carried_out, access, platform)
        try:
            yield
        finally:
            error = task.exception()
            told = task.result() if error is None else f"the edge was not brought in line: {error}. Next: {UP}"
            if told:
                say(told)


def carry_out(access: Callable[[], EdgeAccess], platform: Platform, say: Callable[[str], None]) -> None:
    """The same with nothing beside it."""
    with carrying_out(access, platform, say):
        pass


def _carried_out(access: Callable[[], EdgeAccess], platform: Platform) -> str:
    found = access()
    if found.edge is None:
        return f"the edge was not asked: {found.why_not}. Next: {UP}" if found.why_not else ""
    changed = found.edge.carry_out(platform)
    drained = platform.edge.drained
    without = f", without {', '.join(drained)}" if drained else ""
    if not changed:
        return f"the edge has the order of the settings already{without}"
    return f"the edge has the order of the settings for {', '.join(changed)}{without}"
