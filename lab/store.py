"""The store of the record in the lab: an S3 server in neither region, for as long as the lab is there."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lab import s3
from lab.certificates import issued
from lab.guard_root import guard_root
from lab.s3 import S3Server
from lab.world import STORE, World
from operations.epoch.s3 import Bucket
from settings.secrets import GUARD_ACCESS_KEY_ID, GUARD_SECRET_ACCESS_KEY

BUCKET: Final = "openova-authority"
PORT: Final = 443
START_SECONDS: Final = 20
STEP_SECONDS: Final = 60


@dataclass(frozen=True)
class Started:
    """Where it answers, and the authority (PEM) that signed its certificate."""

    endpoint: str
    certificate: str


class Store:
    """`folder` keeps its objects, keys and certificate."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world, self._folder = world, folder

    def start(self) -> Started:
        """Starts it where it does not run. Raises RuntimeError where something is missing, or it does not start."""
        if absent := s3.missing() or ("" if guard_root().exists() else "needs the guard's image (python -m lab build)"):
            raise RuntimeError(f"The lab's guard {absent}.")
        if not self._keys.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._keys.touch(0o600)
            self._keys.write_text(json.dumps({"id": "lab", "secret": secrets.token_hex(16)}))
            issued(self._certificate, self._key, self._authority, STORE)
        if not self._runs():
            self._server.start(self._world.inside([]))
            deadline = time.monotonic() + START_SECONDS
            while not self._runs():
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the store did not start: {(self._folder / 'log').read_text()[-500:]}")
                time.sleep(0.1)
        return Started(self._server.endpoint, self._authority.read_text())

    def secrets(self) -> dict[str, str]:
        """Its keys, as the stack `shared` is told them; none where it was never started."""
        if not self._keys.exists():
            return {}
        keys = json.loads(self._keys.read_text())
        return {GUARD_ACCESS_KEY_ID.key: keys["id"], GUARD_SECRET_ACCESS_KEY.key: keys["secret"]}

    def bucket(self) -> Bucket:
        """As a client takes it that runs in the world's network."""
        server = self._server
        return Bucket(
            name=BUCKET,
            endpoint=server.endpoint,
            access_key_id=server.access_key_id,
            secret_access_key=server.secret_access_key,
            root_certificate=self._authority.read_text(),
        )

    def outputs(self) -> dict[str, Any]:
        """What the stack `shared` tells of the record: its bucket and the keys."""
        bucket = self.bucket()
        keys = {"accessKeyId": bucket.access_key_id, "secretAccessKey": bucket.secret_access_key}
        return {"guard": {"bucket": bucket.name, "endpoint": bucket.endpoint}, "guardCredentials": keys}

    def outputs_file(self) -> Path:
        """The same as a file of this user alone: what the option --store of the commands names."""
        file = self._folder / "outputs.json"
        file.touch(0o600)
        file.write_text(json.dumps(self.outputs()))
        return file

    def openova_record(self, *arguments: str) -> dict[str, Any]:
        """What `openova record` says with these arguments in the world's network. RuntimeError where it fails."""
        given = ["--store=/dev/stdin", f"--certificate={self._authority}"]
        command = [sys.executable, "-m", "operations", "record", *arguments, *given]
        done = subprocess.run(
            self._world.within(command),
            input=json.dumps(self.outputs()),
            capture_output=True,
            text=True,
            check=False,
            timeout=STEP_SECONDS,
            cwd=Path(__file__).parents[1],
        )
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        said: dict[str, Any] = json.loads(done.stdout)
        return said

    @property
    def _server(self) -> S3Server:
        keys = json.loads(self._keys.read_text())
        return S3Server(
            folder=self._folder,
            address=STORE,
            port=PORT,
            buckets=(BUCKET,),
            access_key_id=keys["id"],
            secret_access_key=keys["secret"],
            certificate=self._certificate,
            key=self._key,
        )

    def _runs(self) -> bool:
        return bool(self._world.run(["sh", "-c", f"ss -Htln src {STORE}:{PORT} || true"]).strip())

    @property
    def _keys(self) -> Path:
        return self._folder / "keys.json"

    @property
    def _certificate(self) -> Path:
        return self._folder / "store.crt"

    @property
    def _authority(self) -> Path:
        return self._folder / "authority.crt"

    @property
    def _key(self) -> Path:
        return self._folder / "store.key"
