"""The text of a command that runs one of our scripts as root on a host reached by SSH."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

PRELUDE: Final = Path(__file__).parent / "scripts" / "prelude.sh"

LONGEST_COMMAND: Final = 128 * 1024 - 1
"""Bytes. sshd hands the command to the login shell as one argument; Linux takes MAX_ARG_STRLEN for one."""

KILL_AFTER: Final = 10
"""Seconds between the polite and the final signal when the time is over."""

_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]*")
_TAKEN: Final = frozenset({"BASH_ENV", "ENV", "HOME", "IFS", "LC_ALL", "PATH", "PRELUDE", "PWD", "SHELLOPTS"})


def command(script: Path, variables: Mapping[str, str], timeout_seconds: int, *, user: str = "root") -> str:
    """The command that runs `script` (bash, after `prelude.sh`) as root with `variables` exported.

    Standard input is left to the script: secrets go there, since a command line is visible to every
    process of the host and in Pulumi's error messages. Any POSIX login shell may read the result.
    A user other than root needs sudo without a password. The script is ended after `timeout_seconds`,
    with exit code 124. Raises ValueError for a name or a value that cannot be a variable, and for
    a command longer than Linux takes.
    """
    exports = " ".join(f"{_name(name)}={shlex.quote(_value(name, variables[name]))}" for name in sorted(variables))
    text = f"{PRELUDE.read_text(encoding='utf-8')}\n{script.read_text(encoding='utf-8')}"
    become_root = "" if user == "root" else "sudo -n "
    whole = (
        f"{become_root}timeout --kill-after={KILL_AFTER} {timeout_seconds} "
        f"env {exports} bash -c {shlex.quote(text)} {shlex.quote(script.name)}"
    )
    if (size := len(whole.encode())) > LONGEST_COMMAND:
        raise ValueError(
            f"A remote command takes at most {LONGEST_COMMAND} bytes. The one for {script.name} has {size}, "
            "so the host would refuse it. Give long values by standard input."
        )
    return whole


def _name(name: str) -> str:
    if not _NAME.fullmatch(name) or name in _TAKEN:
        raise ValueError(
            f"A variable of a script has capital letters, digits and '_' and is none of {sorted(_TAKEN)}. "
            f"{name!r} would change the shell itself. Choose another name."
        )
    return name


def _value(name: str, value: str) -> str:
    if "\0" in value:
        raise ValueError(f"No variable can hold a NUL character, so {name} would be cut off. Take it out.")
    return value
