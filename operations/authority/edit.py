"""Edits the record of authority in Pulumi.yaml, and leaves every other line as it is."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

FILE: Final = "Pulumi.yaml"


def set_record(
    root: Path,
    record: Mapping[str, Any],
    *,
    copies: Mapping[str, Mapping[str, Any]] | None = None,
    drained: tuple[str, ...] | None = None,
) -> None:
    """Writes the block `authority`; for some regions fields of `postgres`; and which regions are out of traffic.

    The file is replaced whole or not at all. Raises OSError.
    """
    file = root / FILE
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(file.read_text(encoding="utf-8"))
    config = document["config"]
    block = config["authority"]["value"]
    for key in [key for key in block if key not in record]:
        del block[key]
    block.update(record)
    for line in config["regions"]["value"]:
        line["postgres"].update((copies or {}).get(line["code"], {}))
    if drained is not None:
        config["edge"]["value"]["drained"] = list(drained)
    text = io.StringIO()
    yaml.dump(document, text)
    part = file.with_name(f".{FILE}.part")
    part.write_text(text.getvalue(), encoding="utf-8")
    part.chmod(file.stat().st_mode)
    part.replace(file)
