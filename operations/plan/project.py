"""Evaluates every stack of a project in the order in which they are brought up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from operations.plan.values import PLANNED
from operations.plan.worker import Job, ProgramError, Workers
from settings.loader import Project
from settings.naming import stack_order
from settings.problems import Problem, SettingsError
from settings.project import ProjectFiles, StackFile

if TYPE_CHECKING:
    from operations.plan.recorded import Evaluation

SECRET_PLACEHOLDER = f"{PLANNED}secret"


@dataclass(frozen=True)
class Planned:
    """A project and what each of its stacks registers, in the order in which they are brought up."""

    files: ProjectFiles
    project: Project
    evaluations: Mapping[str, Evaluation]


def evaluate_project(files: ProjectFiles, project: Project, workers: Workers) -> Planned:
    """Evaluate all stacks, handing each the outputs of those before it.

    Raises SettingsError where the program of a stack refuses its configuration.
    """
    evaluations: dict[str, Evaluation] = {}
    outputs: dict[str, Mapping[str, Any]] = {}
    for name in stack_order(project.platform):
        job = job_for(files, project, name, outputs)
        try:
            evaluations[name] = workers.submit(job).result()
        except ProgramError as error:
            raise SettingsError([_refused(name, str(error))]) from None
        outputs[name] = evaluations[name].outputs
    return Planned(files, project, evaluations)


def job_for(
    files: ProjectFiles,
    project: Project,
    name: str,
    outputs: Mapping[str, Mapping[str, Any]],
    *,
    preview: bool = True,
) -> Job:
    """How to evaluate one stack, when the other stacks have these outputs. Secrets are stand-ins."""
    stack = files.stacks[name]
    unset = [secret.key for secret in project.unset_secrets.get(name, ())]
    secrets = stack.secrets | frozenset(unset)
    return Job(
        root=files.root,
        project=files.name,
        stack=name,
        config=_filled(stack, secrets),
        secret_keys=secrets,
        outputs=dict(outputs),
        preview=preview,
    )


def _filled(stack: StackFile, secrets: Sequence[str] | frozenset[str]) -> dict[str, str]:
    return {**stack.values, **dict.fromkeys(secrets, SECRET_PLACEHOLDER)}


def _refused(stack: str, text: str) -> Problem:
    return Problem(
        f"Pulumi.{stack}.yaml",
        "(program)",
        f"The program of the stack {stack} refuses this configuration: {text}",
        "pulumi up would stop at the same place.",
        "Follow the message.",
    )
