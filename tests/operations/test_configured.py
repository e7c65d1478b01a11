"""Secrets that commands need at once: the environment first, then Pulumi, then how to give them."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.access.configured import configured
from settings.secrets import CLOUDFLARE_API_TOKEN, SLACK_WEBHOOK
from tests.engine import TOKEN, engine_in, need
from tests.projects import copy_project, edit

VARIABLE = "CLOUDFLARE_API_TOKEN"


def test_the_environment_comes_first_and_pulumi_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, " from-the-environment\n")
    monkeypatch.setenv("PATH", "")
    assert configured(tmp_path, CLOUDFLARE_API_TOKEN, VARIABLE) == "from-the-environment"


@pytest.mark.parametrize(("in_the_file", "said"), [(False, "has no cloudflare:apiToken"), (True, "not on PATH")])
def test_what_cannot_be_had_says_how_to_give_it(
    tmp_path: Path, in_the_file: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("PATH", "")
    root = copy_project(tmp_path)
    if in_the_file:
        edit(root / "Pulumi.global.yaml", ["config", "cloudflare:apiToken"], {"secure": "v1:unreadable"})
    with pytest.raises(LookupError, match=said) as raised:
        configured(root, CLOUDFLARE_API_TOKEN, VARIABLE)
    assert "pulumi config set --stack global --secret cloudflare:apiToken" in str(raised.value)


@pytest.mark.engine
def test_pulumi_decrypts_it_from_the_stack_global(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need()
    engine = engine_in(tmp_path)
    for name, value in engine.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(VARIABLE, raising=False)
    assert configured(engine.root, CLOUDFLARE_API_TOKEN, VARIABLE) == TOKEN
    with pytest.raises(LookupError, match="has no openova:slackWebhook"):
        configured(engine.root, SLACK_WEBHOOK, "OPENOVA_SLACK_WEBHOOK")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "a wrong one")
    with pytest.raises(LookupError, match="set CLOUDFLARE_API_TOKEN"):
        configured(engine.root, CLOUDFLARE_API_TOKEN, VARIABLE)
