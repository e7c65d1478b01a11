"""The reference of all settings, made from the models: `python -m settings.reference > docs/settings.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import cleandoc

from settings.base import Settings
from settings.platform import Platform
from settings.secrets import ALL, SecretKey
from settings.stacks import GlobalStack, RegionStack, SharedStack, WitnessStack
from settings.words import default_of, models_in, type_of

_HEAD = """\
# Settings

Every setting that there is. A name that is not here is refused, never ignored. `openova plan` checks all files at
once, and tells of each mistake the rule, what would follow, and how to mend it.

| File | What stands in it |
| --- | --- |
| [Pulumi.yaml](#pulumiyaml) | the facts that all stacks share; a stack file that repeats one is refused |
| [Pulumi.shared.yaml](#pulumisharedyaml) | the stack of keys, passwords and buckets |
| [Pulumi.&lt;region&gt;.yaml](#pulumiregionyaml) | one region: its servers and what runs there |
| [Pulumi.&lt;witness&gt;.yaml](#pulumiwitnessyaml) | a third site with one MongoDB member, where there is one |
| [Pulumi.global.yaml](#pulumiglobalyaml) | the stack of DNS and load balancing |

Settings of Pulumi.yaml stand under `config:`, each with its `value:`. Settings of a stack file stand under
`config:` with the prefix `openova:`. In the tables, `[]` is any item of a list and `<...>` a name of your own.

This file is generated from the models in `settings/`: `python -m settings.reference > docs/settings.md`."""

_SHARED = """\
## Pulumi.yaml

The facts that all stacks share:

```yaml
config:
  domain:
    value: openova.io
  authority:
    value: {primary: eu, epoch: 1}
```"""

_SECRETS = """\
## Secrets

Each is a key of its own, set with `pulumi config set --stack <stack> --secret <key>`, which encrypts it. In plain text
it is refused. `openova plan` needs none of them."""

_STACKS: tuple[tuple[str, type[Settings]], ...] = (
    ("Pulumi.shared.yaml", SharedStack),
    ("Pulumi.&lt;region&gt;.yaml", RegionStack),
    ("Pulumi.&lt;witness&gt;.yaml", WitnessStack),
    ("Pulumi.global.yaml", GlobalStack),
)
_WHERE = {
    "shared": "Pulumi.shared.yaml",
    "region": "Pulumi.&lt;region&gt;.yaml",
    "witness": "Pulumi.&lt;witness&gt;.yaml",
    "global": "Pulumi.global.yaml",
}


def render() -> str:
    """The whole reference as Markdown."""
    parts = [_HEAD, _SHARED, _table(_rows(Platform)), *_details(Platform)]
    for title, model in _STACKS:
        parts += [f"## {title}", _about(model), _table(_rows(model)), *_details(model)]
    parts += [_SECRETS, _secrets()]
    return "\n\n".join(parts) + "\n"


def _details(model: type[Settings]) -> Iterator[str]:
    """A section for each setting that is a block, with the rows of all blocks inside of it."""
    for field in model.model_fields.values():
        for place, inner in models_in(field.annotation):
            yield f"### {field.alias}"
            yield _about(inner)
            yield _table(_nested(f"{field.alias}{place}", inner))


def _nested(path: str, model: type[Settings]) -> Iterator[str]:
    yield from _rows(model, f"{path}.")
    for field in model.model_fields.values():
        for place, inner in models_in(field.annotation):
            yield from _nested(f"{path}.{field.alias}{place}", inner)


def _rows(model: type[Settings], prefix: str = "") -> Iterator[str]:
    for field in model.model_fields.values():
        yield f"| `{prefix}{field.alias}` | {type_of(field)} | {default_of(field)} | {field.description} |"


def _table(rows: Iterator[str]) -> str:
    return "\n".join(["| Key | Form | Default | Meaning |", "| --- | --- | --- | --- |", *rows])


def _secrets() -> str:
    rows = (f"| `{secret.key}` | {_stacks(secret)} | {secret.purpose} |" for secret in ALL)
    return "\n".join(["| Key | Stack | What it is needed for |", "| --- | --- | --- |", *rows])


def _stacks(secret: SecretKey) -> str:
    return ", ".join(_WHERE[stack] for stack in secret.stacks)


def _about(model: type[Settings]) -> str:
    return cleandoc(model.__doc__ or "")


if __name__ == "__main__":
    sys.stdout.write(render())
