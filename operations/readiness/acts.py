"""What people have done and no program can see: one small committed file, `docs/evidence/acts.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

import yaml
from pydantic import AfterValidator, Field, ValidationError

from settings.base import Settings
from settings.problems import Problem, SettingsError, broken, problems_of

FILE: Final = "docs/evidence/acts.yaml"

Kind = Literal[
    "alert-received",
    "game-day",
    "mvp-stable",
    "on-call",
    "read-write-splitting",
    "restore-mongodb",
    "restore-postgresql",
    "revenue",
    "state-kept",
    "users",
]
KINDS: Final[tuple[str, ...]] = get_args(Kind)

_QUARTER, _HALF_YEAR, _YEAR = 92, 183, 366
DAYS: Final[Mapping[str, int]] = {
    # What decays by itself: people change their numbers, backups their form.
    "alert-received": _QUARTER,
    "on-call": _QUARTER,
    "restore-mongodb": _QUARTER,
    "restore-postgresql": _QUARTER,
    "game-day": _HALF_YEAR,
    "mvp-stable": _YEAR,
    "read-write-splitting": _YEAR,
    "revenue": _YEAR,
    "state-kept": _YEAR,
    "users": _YEAR,
}
"""How long each counts, in days: our choice."""


def _lies_somewhere(value: str) -> str:
    if value.startswith("https://") or (value and not value.startswith(("/", "~")) and ".." not in Path(value).parts):
        return value
    raise broken(
        f"{value!r} is neither a file of this repository nor an https:// address.",
        "Nobody else could look at it.",
        "Write a path from the top of the repository, or an address that the team can open.",
    )


class Act(Settings):
    """One thing that was done."""

    act: Kind = Field(description="What.")
    at: date = Field(description="The day.")
    by: str = Field(min_length=3, description="Who, by role: `database on-call`, and no name.")
    proof: Annotated[str, AfterValidator(_lies_somewhere)] = Field(description="Where the proof lies.")
    note: str = Field(default="", description="What came of it, in one line.")

    def fresh(self, today: date) -> bool:
        """Whether it still counts."""
        return today - self.at <= timedelta(days=DAYS[self.act])

    def told(self, today: date) -> str:
        """One line of it, with its proof, and its age where that is too much."""
        late = "" if self.fresh(today) else f", more than {DAYS[self.act]} days ago"
        return f"{self.act}: {self.at} by {self.by}{late}: {self.note or 'done'} ({self.proof})"


def read_acts(root: Path, today: date) -> dict[str, Act]:
    """The latest of each kind; none where there is no file. Raises SettingsError with all that is wrong in it."""
    file = root / FILE
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = str(error).splitlines()[0]
        raise SettingsError([_problem("", f"It cannot be read: {reason}.", "Mend the file.")]) from None
    entries = document.get("acts") if isinstance(document, dict) and set(document) == {"acts"} else None
    if not isinstance(entries, list):
        raise SettingsError([_problem("acts", "The file is one list, `acts`.", "docs/evidence/README.md shows it.")])
    acts, problems = list[Act](), list[Problem]()
    for number, entry in enumerate(entries):
        try:
            act = Act.model_validate(entry)
        except ValidationError as error:
            problems += problems_of(error, FILE, (f"acts[{number}]",))
        else:
            acts.append(act)
            problems += _unproven(root, today, number, act)
    if problems:
        raise SettingsError(problems)
    return {act.act: act for act in sorted(acts, key=lambda act: act.at)}


def _unproven(root: Path, today: date, number: int, act: Act) -> Iterator[Problem]:
    if act.at > today:
        yield _problem(f"acts[{number}].at", f"{act.at} has not been yet.", "Write the day on which it was done.")
    if not act.proof.startswith("https://") and not (root / act.proof.partition("#")[0]).exists():
        yield _problem(f"acts[{number}].proof", f"There is no {act.proof} here.", "Commit it, or name where it lies.")


def _problem(key: str, rule: str, fix: str) -> Problem:
    return Problem(FILE, key, rule, "What is claimed there would not count, or count wrongly.", fix)


@dataclass(frozen=True)
class Restore:
    """What is known of the last restore that was tried. `fresh`: it was, and lately."""

    told: str
    fresh: bool


NEVER_RESTORED: Final = Restore("never tested", fresh=False)


def last_restore(root: Path, today: date) -> Restore:
    """Of PostgreSQL. A broken file is told in one line: `openova status` has to work at night."""
    try:
        act = read_acts(root, today).get("restore-postgresql")
    except SettingsError:
        return Restore(f"unknown, {FILE} is broken (openova readiness says how)", fresh=False)
    if act is None:
        return NEVER_RESTORED
    return Restore(f"tested {act.at}", fresh=act.fresh(today))
