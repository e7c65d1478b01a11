"""The lab's store of the record, in a world of its own without hosts."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from lab import s3
from lab.guard_root import guard_root
from lab.road import Road, Traffic
from lab.store import Store
from lab.world import world

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root and nft"),
]


def test_it_answers_in_the_world_keeps_its_keys_and_is_gone_with_it(tmp_path: Path) -> None:
    if absent := s3.missing() or ("" if guard_root().exists() else "needs the guard's image (python -m lab guard)"):
        pytest.skip(absent)
    with world() as made:
        store = Store(made, tmp_path / "store")
        started = store.start()
        assert store.openova_record("show") == {"record": None, "statements": {}}
        store.openova_record("claim", "--epoch", "1", "--primary", "eu")
        again = Store(made, tmp_path / "store")
        assert again.start() == started
        assert again.openova_record("show")["record"]["record"]["primary"] == "eu"
        Road(made, tmp_path / "road.json").open(Traffic(store=("eu",)))
        assert "192.0.2.150" in made.run(["nft", "list", "table", "ip", "road"])
        pid = made.pid
    assert not Path(f"/proc/{pid}").exists()
