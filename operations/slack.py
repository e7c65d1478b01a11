"""A message to the team's chat, through a webhook that is a secret. It never fails a command, nor holds it up."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

import httpx

from operations.access.configured import configured
from operations.edge.api import loopback
from settings.secrets import SLACK_WEBHOOK

VARIABLE: Final = "OPENOVA_SLACK_WEBHOOK"
SECONDS: Final = 5.0


def post(root: Path, text: str) -> str:
    """Send the text, in at most five seconds. Gives one line where it failed; empty where it went, or nobody is to be
    told. The URL is in no line: whoever knows it can post."""
    try:
        url = configured(root, SLACK_WEBHOOK, VARIABLE)
    except LookupError:
        return ""
    if not url.startswith("https://") and not loopback(url):
        return f"Slack was not told: {VARIABLE} does not begin with https://"
    said = [f"no answer within {SECONDS:.0f} s"]
    # A thread that is left behind: time limits of a connection begin anew with every byte.
    sending = threading.Thread(target=_send, args=(url, text, said), daemon=True)
    sending.start()
    sending.join(SECONDS)
    return f"Slack was not told: {said[0]}" if said[0] else ""


def plain(text: str) -> str:
    """The text with what Slack would take for a link or a mention made harmless (docs.slack.dev, "Escaping text")."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _send(url: str, text: str, said: list[str]) -> None:
    try:
        answer = httpx.post(url, json={"text": plain(text)}, timeout=SECONDS, trust_env=not loopback(url))
        said[0] = "" if answer.is_success else f"it answered {answer.status_code}"
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        # Its text may hold the URL.
        said[0] = type(error).__name__
