"""The few calls of GitHub's REST API that are needed, over the standard library (docs.github.com/rest/issues)."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

LIMIT: Final = 65536
"""Characters that GitHub takes as the body of a comment or an issue."""
_PAGE: Final = 100
_PAGES: Final = 50
_SECONDS: Final = 30
AUTHOR: Final = "github-actions[bot]"
"""Who a workflow's own token speaks as: what others wrote is never edited."""


class ForgeError(Exception):
    """GitHub could not be asked, or refused. The text says what to do."""


@dataclass(frozen=True)
class Forge:
    """One repository at GitHub. `token` is never printed."""

    api: str
    repository: str
    token: str

    def comment(self, number: int, marker: str, body: str) -> str:
        """Write the one comment that bears the marker, new or in the old one's place. Gives `created`, `updated` or
        `same`."""
        text = fitted(marker, body)
        for old in self._pages(f"issues/{number}/comments"):
            if old["user"]["login"] == AUTHOR and old["body"].startswith(marker):
                return self._rewrite(f"issues/comments/{old['id']}", old["body"], text)
        self._call("POST", f"issues/{number}/comments", {"body": text})
        return "created"

    def issue(self, marker: str, title: str, body: str) -> str:
        """Open the one issue that bears the marker, or write it anew. Gives `created`, `updated` or `same`."""
        text = fitted(marker, body)
        old = self._open_issue(marker)
        if old is not None:
            return self._rewrite(f"issues/{old['number']}", old["body"], text)
        self._call("POST", "issues", {"title": title, "body": text})
        return "created"

    def close(self, marker: str, why: str) -> str:
        """Close the issue that bears the marker, with a last comment. Gives `closed`, or `none` where there is none."""
        old = self._open_issue(marker)
        if old is None:
            return "none"
        self._call("POST", f"issues/{old['number']}/comments", {"body": why})
        self._call("PATCH", f"issues/{old['number']}", {"state": "closed", "state_reason": "completed"})
        return "closed"

    def _open_issue(self, marker: str) -> Mapping[str, Any] | None:
        for item in self._pages("issues?state=open"):
            ours = item["user"]["login"] == AUTHOR and "pull_request" not in item
            if ours and (item["body"] or "").startswith(marker):
                return item
        return None

    def _rewrite(self, path: str, old: str, text: str) -> str:
        if old.replace("\r\n", "\n") == text:
            return "same"
        self._call("PATCH", path, {"body": text})
        return "updated"

    def _pages(self, path: str) -> Iterator[Mapping[str, Any]]:
        separator = "&" if "?" in path else "?"
        for page in range(1, _PAGES + 1):
            items = self._call("GET", f"{path}{separator}per_page={_PAGE}&page={page}")
            yield from items
            if len(items) < _PAGE:
                return

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 the address is GitHub's, or a test's own
            f"{self.api}/repos/{self.repository}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ForgeError(
                f"GitHub answered {error.code} to {method} {path}. Nothing was posted. "
                "The job needs `issues: write` or `pull-requests: write`; a fork's has neither."
            ) from None
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise ForgeError(f"GitHub could not be asked ({method} {path}): {error}. Run the job again.") from None


def from_environment() -> Forge:
    """The repository that the workflow runs in. Raises ForgeError naming every variable that is missing."""
    names = ("GITHUB_REPOSITORY", "GITHUB_TOKEN")
    if missing := [name for name in names if not os.environ.get(name)]:
        raise ForgeError(
            f"{' and '.join(missing)} not set, so nothing was posted. In a workflow: "
            "env: {GITHUB_TOKEN: ${{ github.token }}}."
        )
    api = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    return Forge(api, os.environ["GITHUB_REPOSITORY"], os.environ["GITHUB_TOKEN"])


def fitted(marker: str, body: str) -> str:
    """Marker and body, cut at a line where GitHub would refuse it whole."""
    text = f"{marker}\n{body.rstrip()}\n"
    if len(text) <= LIMIT:
        return text
    end = "\n\n*Cut here: GitHub takes no longer text. The whole is in the artifacts of this run.*\n"
    head = text[: LIMIT - len(end) - 20]
    head = head[: head.rfind("\n")]
    closing = "\n</details>" * (head.count("<details>") - head.count("</details>"))
    return head + closing + end
