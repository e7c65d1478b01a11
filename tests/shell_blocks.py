"""What the documents tell people to type, and what they say that it prints."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FENCE: Final = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
HEREDOC: Final = re.compile(r"<<'?(\w+)'?.*?\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
_ENDS: Final = {"|", "||", "&&", ";", "&"}
_PREFIX: Final = re.compile(r"^(?:\w+=\S*$|sudo$|then$|do$|!$)")
_INSIDE: Final = re.compile(r"\$\(((?:[^()]|\([^()]*\))*)\)")


@dataclass(frozen=True)
class Command:
    """One simple command of a shell block: its words, and the document for the tests' messages."""

    document: Path
    words: tuple[str, ...]

    @property
    def program(self) -> str:
        """Its first word, without a folder."""
        return self.words[0].rpartition("/")[2]

    def __str__(self) -> str:
        return f"{self.document.name}: {' '.join(self.words)}"


def blocks(document: Path, *languages: str) -> list[str]:
    """The fenced blocks of these languages, without the indentation of the list that they stand in."""
    found = []
    for indent, language, body in FENCE.findall(document.read_text(encoding="utf-8")):
        if language in languages:
            found.append("\n".join(line.removeprefix(indent) for line in body.splitlines()) + "\n")
    return found


def commands(document: Path) -> list[Command]:
    """Every command of the `sh` blocks, in order; those inside $( ) stand after the one that they are part of."""
    return [
        Command(document, words)
        for block in blocks(document, "sh")
        for line in _lines(block)
        for words in _simple(line)
    ]


def spans(document: Path, program: str) -> list[Command]:
    """Code spans of the prose that begin with this program, such as `openova lab up`."""
    prose = FENCE.sub("", document.read_text(encoding="utf-8"))
    found = (re.sub(r"\s+", " ", span) for span in re.findall(r"`([^`]+)`", prose))
    return [Command(document, tuple(shlex.split(span))) for span in found if re.match(rf"(\S*/)?{program} ", span)]


def _lines(block: str) -> Iterator[str]:
    """Logical lines: quotes and backslashes continue them; here-documents are what a command reads, and no commands."""
    held = ""
    for line in HEREDOC.sub("", block.replace("\\\n", " ")).splitlines():
        held = f"{held}\n{line}" if held else line
        try:
            shlex.split(held, comments=True)
        except ValueError:
            continue
        yield held
        held = ""
    assert not held, f"a quote is not closed: {held}"


def _simple(line: str) -> Iterator[tuple[str, ...]]:
    """The simple commands of a line, split where the shell splits it."""
    inner = list(_INSIDE.findall(line))
    lexer = shlex.shlex(_INSIDE.sub("SUBSTITUTED", line), posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split, lexer.commenters = True, "#"
    words: list[str] = []
    skip = False
    for token in [*lexer, ";"]:
        if token in _ENDS:
            if words:
                yield tuple(words)
            words = []
        elif skip:
            skip = False
        elif set(token) <= set("<>&"):
            skip = True
        elif words or not _PREFIX.match(token):
            words.append(token)
    for each in inner:
        yield from _simple(each)
