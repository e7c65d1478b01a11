"""Carries out the program's stacks on the lab, in their order: `shared`, then the regions."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from lab.acting import Actor, Memory
from lab.regions import Lab
from operations.plan.check import checked
from operations.plan.project import job_for
from operations.plan.worker import run
from settings.naming import stack_order
from settings.project import read_project
from settings.secrets import SSH_PRIVATE_KEY

Told = Callable[[str, str, float], None]
"""Is told the stack, what was done, and the seconds it took."""


def apply(lab: Lab, told: Told, only: Sequence[str] = ()) -> dict[str, float]:
    """Brings all stacks but `global` (or only those named) to the configuration of the lab; seconds by stack.

    Raises SettingsError for a configuration that does not hold, ProgramError where the program refuses, RuntimeError
    where a host or an API server does.
    """
    files = read_project(lab.project)
    project = checked(files)
    memory = Memory(lab.folder / "memory.json")
    took: dict[str, float] = {}
    for name in stack_order(project.platform):
        if name == "global" or (only and name not in only):
            continue
        begun = time.monotonic()
        outputs = {stack: memory.outputs(stack) for stack in files.stacks}
        job = job_for(files, project, name, outputs, preview=False)
        if SSH_PRIVATE_KEY.key in job.secret_keys:
            login = (lab.folder / "login").read_text()
            job = replace(job, config={**job.config, SSH_PRIVATE_KEY.key: login})
        known = {key: value for key, value in lab.store.secrets().items() if key in job.secret_keys}
        job = replace(job, config={**job.config, **known})
        actor = Actor(lab.running, lab.folder, memory, partial(told, name))
        memory.keep_outputs(name, run(job, actor).outputs)
        took[name] = time.monotonic() - begun
    return took
