"""A drill's timeline as an SVG picture: rows a second by region that took them, reads, and what happened when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

WIDTH: Final = 960
LEFT, RIGHT, TOP = 64, 24, 76
PANEL: Final = 150
READS: Final = 44
GAP: Final = 34
LINE: Final = 15
MARKS_LINE: Final = 16

COLOURS: Final = ("#2f6f9f", "#b5651d")
"""Blue and a burnt orange: told apart by those who see no red or no green, and on light and dark."""

_STYLE: Final = """
text{font:12px system-ui,sans-serif;fill:#24292f}.dim{fill:#57606a}.title{font-size:17px;font-weight:600}
.paper{fill:#fff}.grid{stroke:#d0d7de;stroke-width:1}.mark{stroke:#57606a;stroke-dasharray:3 3}
.pause{fill:#cf222e;opacity:.13}.bad{fill:#cf222e}.good{fill:#1a7f37}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.dim{fill:#9198a1}.paper{fill:#0d1117}.grid{stroke:#30363d}
.mark{stroke:#9198a1}.pause{fill:#ff7b72;opacity:.2}.bad{fill:#ff7b72}.good{fill:#3fb950}}
"""


def picture(told: Mapping[str, Any]) -> str:
    """The SVG of a drill's document."""
    series = told["series"]
    seconds = max(1, *(len(each) for each in series["writes"].values()))
    marks = told["marks"]
    top = TOP + MARKS_LINE * len(marks)
    reads = [*series["reads"]]
    users = [*series["users"]]
    height = top + PANEL + GAP + (len(reads) + len(users)) * (READS + GAP) + LINE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(told['title'])}</title><style>{_STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
        *_heading(told),
        *_pauses(told["pauses"], seconds, top),
        *_rows(series["writes"], seconds, top),
    ]
    for number, code in enumerate(reads):
        here = top + PANEL + GAP + number * (READS + GAP)
        text = f"reads a second from {code}"
        parts += _answers(text, series["reads"][code], series["failedReads"][code], seconds, here)
    for number, place in enumerate(users, len(reads)):
        here = top + PANEL + GAP + number * (READS + GAP)
        text = f"requests a second through the edge from {place}"
        parts += _answers(text, series["users"][place], series["failedUsers"][place], seconds, here)
    parts += _axis(seconds, height - LINE)
    parts += _marks(marks, seconds, top + PANEL)
    return "\n".join([*parts, "</svg>", ""])


def _x(second: float, seconds: int) -> float:
    return round(LEFT + second / seconds * (WIDTH - LEFT - RIGHT), 1)


def _heading(told: Mapping[str, Any]) -> Iterator[str]:
    figures = told["figures"]
    yield f'<text class="title" x="{LEFT}" y="28">{escape(told["title"])}</text>'
    place = "the lab" if told["lab"] else "a real pair"
    mode = f"guard: {told['mode']}"
    trip = f", {told['round_trip_ms']} ms round trip" if told["round_trip_ms"] is not None else ""
    yield f'<text class="dim" x="{LEFT}" y="46">{escape(told["at"])}, {place}{trip}, {mode}</text>'
    parts = [f"{figures['acknowledged']} rows acknowledged", f"{figures['lostRows']} lost"]
    if figures["rtoSeconds"] is not None:
        parts.append(f"first row of the new writer after {figures['rtoSeconds']} s")
    parts.append(f"longest pause {figures['longestPauseSeconds']} s")
    verdict, word = ("good", "passed") if told["passed"] else ("bad", "NOT passed")
    yield f'<text x="{LEFT}" y="64">{escape(", ".join(parts))}: <tspan class="{verdict}">{word}</tspan></text>'


def _pauses(pauses: Sequence[Mapping[str, Any]], seconds: int, top: int) -> Iterator[str]:
    for pause in pauses:
        x, end = _x(pause["at"], seconds), _x(pause["at"] + pause["seconds"], seconds)
        yield f'<rect class="pause" x="{x}" y="{top}" width="{round(end - x, 1)}" height="{PANEL}"/>'


def _rows(writes: Mapping[str, Sequence[int]], seconds: int, top: int) -> Iterator[str]:
    most = max([1, *(max(each, default=0) for each in writes.values())])
    for part in (0, 0.5, 1):
        y = round(top + PANEL * (1 - part), 1)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="dim" x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{round(most * part)}</text>'
    for number, (code, counts) in enumerate(sorted(writes.items())):
        colour = COLOURS[number % 2]
        yield f'<path d="{_steps(counts, most, seconds, top, PANEL)}" fill="{colour}" fill-opacity=".75"/>'
        x = LEFT + number * 210
        yield f'<rect x="{x}" y="{top + PANEL + 9}" width="10" height="10" fill="{colour}"/>'
        yield f'<text x="{x + 16}" y="{top + PANEL + 18}">rows a second that {escape(code)} took</text>'


def _answers(what: str, answered: Sequence[int], failed: Sequence[int], seconds: int, top: int) -> Iterator[str]:
    most = max([1, *answered, *failed])
    yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{top + READS}" y2="{top + READS}"/>'
    yield f'<path d="{_steps(answered, most, seconds, top, READS)}" class="dim" fill-opacity=".55"/>'
    yield f'<path d="{_steps(failed, most, seconds, top, READS)}" class="bad"/>'
    failures = f", {sum(failed)} failed" if sum(failed) else ", none failed"
    text = f"{escape(what)}: {sum(answered)} answered{failures}"
    yield f'<text x="{LEFT}" y="{top + READS + 16}">{text}</text>'


def _steps(counts: Sequence[int], most: int, seconds: int, top: int, height: int) -> str:
    """An area with a step for every second."""
    points = [f"M{_x(0, seconds)},{top + height}"]
    for second, count in enumerate(counts):
        y = round(top + height * (1 - count / most), 1)
        points.append(f"L{_x(second, seconds)},{y}L{_x(second + 1, seconds)},{y}")
    return "".join([*points, f"L{_x(len(counts), seconds)},{top + height}Z"])


def _marks(marks: Sequence[Mapping[str, Any]], seconds: int, bottom: int) -> Iterator[str]:
    for number, mark in enumerate(marks):
        x = _x(mark["at"], seconds)
        y = TOP + MARKS_LINE * number + 8
        yield f'<line class="mark" x1="{x}" x2="{x}" y1="{y + 4}" y2="{bottom}"/>'
        anchor = "end" if x > WIDTH * 0.6 else "start"
        yield f'<text x="{x}" y="{y}" text-anchor="{anchor}">{mark["at"]:.1f} s  {escape(mark["text"])}</text>'


def _axis(seconds: int, y: int) -> Iterator[str]:
    step = next(size for size in (5, 10, 20, 30, 60, 120, 300, 600) if seconds / size <= 12 or size == 600)
    for second in range(0, seconds + 1, step):
        yield f'<text class="dim" x="{_x(second, seconds)}" y="{y + 8}" text-anchor="middle">{second} s</text>'
