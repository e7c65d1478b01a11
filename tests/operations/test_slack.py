"""The message to the chat: it goes, or one line says why not, and nothing waits for it."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from lab.cloudflare.server import threaded
from operations import slack
from tests.projects import copy_project

SECRET = "a-secret-part"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(slack.VARIABLE, raising=False)
    return copy_project(tmp_path)


def test_the_text_arrives_as_json_with_mentions_made_harmless(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    posted: list[tuple[str, dict[str, Any]]] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append((self.headers["Content-Type"], json.loads(body)))
            self.send_response(200)
            self.end_headers()

    with threaded(Handler) as port:
        monkeypatch.setenv(slack.VARIABLE, f"http://127.0.0.1:{port}/{SECRET}")
        assert slack.post(root, "eu & in <!channel>") == ""
    assert posted == [("application/json", {"text": "eu &amp; in &lt;!channel&gt;"})]


def test_without_a_webhook_nothing_is_sent_or_said(root: Path) -> None:
    assert slack.post(root, "text") == ""


@pytest.mark.parametrize("trickle", [False, True])
def test_one_that_takes_the_message_and_does_not_answer_is_left_behind(
    root: Path, trickle: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even one that sends a byte now and then, which begins the time limit of a connection anew."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                while trickle and not over.wait(0.05):
                    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                over.wait(30)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        monkeypatch.setattr(slack, "SECONDS", 0.5)
        monkeypatch.setenv(slack.VARIABLE, f"http://127.0.0.1:{listening.getsockname()[1]}/{SECRET}")
        said = slack.post(root, "text")
        over.set()
        thread.join(30)
    assert said.startswith("Slack was not told: ")
    assert SECRET not in said


@pytest.mark.parametrize("url", [f"http://chat.example.org/{SECRET}", f"https://[{SECRET}", f"ftp://{SECRET}", SECRET])
def test_a_url_that_is_none_or_goes_in_the_open_is_refused_without_being_shown(
    root: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(slack.VARIABLE, url)
    said = slack.post(root, "text")
    assert said.startswith("Slack was not told: ")
    assert SECRET not in said
