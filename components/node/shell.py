"""How one of our scripts runs as root on a host reached by SSH: a short command, and what the command reads.

The script itself travels by standard input, in front of its own: pulumi-command quotes the whole command when it
fails, and a script there would bury what the script says.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

PRELUDE: Final = Path(__file__).parent / "scripts" / "prelude.sh"

LONGEST_COMMAND: Final = 128 * 1024 - 1
"""Bytes. sshd hands the command to the login shell as one argument, and the command hands the script to bash as one;
Linux takes MAX_ARG_STRLEN for one."""

KILL_AFTER: Final = 10
"""Seconds between the polite and the final signal when the time is over."""

LOADER: Final = (
    'LC_ALL=C; IFS= read -rN $1 s && [[ $(printf %s "$s" | sha256sum) == $2* ]] && exec bash -c "$s" $0; '
    "echo Only a whole script is begun and this one came cut off: run pulumi up again. >&2; exit 1"
)
"""Bash, given the script's name, its length in bytes and its sha256.

`read -N` takes exactly so many bytes and leaves the rest of standard input to the script; `head -c` of other makes than
GNU's reads ahead. The script is the process that the loader was, so that a signal meets it.
"""

_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]*")
_TAKEN: Final = frozenset({"BASH_ENV", "ENV", "HOME", "IFS", "LC_ALL", "PATH", "PRELUDE", "PWD", "SHELLOPTS"})


def command(script: Path, variables: Mapping[str, str], timeout_seconds: int, *, user: str = "root") -> str:
    """The command that runs `script` (bash, after `prelude.sh`) as root with `variables` exported.

    It reads `standard_input` of the same script, and carries that one's checksum: another script is another command,
    and a script that did not arrive whole is not begun. Secrets go by standard input as well, since a command
    line is visible to every process of the host and in Pulumi's error messages. Any POSIX login shell may read the
    result. A user other than root needs sudo without a password. The script is ended after
    `timeout_seconds`, with exit code 124. Raises ValueError for a name or a value that cannot be a variable, and for
    a command or a script longer than Linux takes.
    """
    exports = " ".join(f"{_name(name)}={shlex.quote(_value(name, variables[name]))}" for name in sorted(variables))
    text = _text(script).encode()
    become_root = "" if user == "root" else "sudo -n "
    whole = (
        f"{become_root}timeout --kill-after={KILL_AFTER} {timeout_seconds} env {exports} "
        f"bash -c {shlex.quote(LOADER)} {shlex.quote(script.name)} "
        f"{len(text)} {hashlib.sha256(text).hexdigest()}"
    )
    for what, size in (("command", len(whole.encode())), ("script", len(text))):
        if size > LONGEST_COMMAND:
            raise ValueError(
                f"A remote {what} takes at most {LONGEST_COMMAND} bytes. That of {script.name} has {size}, "
                "so the host would refuse it. Give long values by standard input."
            )
    return whole


def standard_input(script: Path, stdin: str = "") -> str:
    """What `command` of the same script reads: the script, then `stdin`, which is the script's own standard input."""
    return _text(script) + stdin


def _text(script: Path) -> str:
    return f"{PRELUDE.read_text(encoding='utf-8')}\n{script.read_text(encoding='utf-8')}"


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
