"""What an operator runs to take the records of requests and their copies."""

import json
import re
from pathlib import Path

from . import paths
from .daemon import Daemon

READY = re.compile(r"listening on (http://\S+)")
TOKEN = "token-of-the-collector"


class Collector(Daemon):
    """A running `tradewind collect`."""

    def __init__(self, folder: Path, listen: str = "127.0.0.1:0"):
        folder.mkdir(parents=True, exist_ok=True)
        self.records_file = folder / "records.jsonl"
        self.records_file.unlink(missing_ok=True)
        (folder / "collector-token").write_text(TOKEN)
        said = folder / "collect.out"
        with said.open("wb") as out:
            command = [
                *(paths.TRADEWIND, "collect", "--listen", listen, "--out", self.records_file),
                *("--token-file", folder / "collector-token"),
            ]
            super().__init__(command, folder / "collect.log", stdout=out)
        try:
            self.url = self.wait_for("address", lambda: _address(said))
        except BaseException:
            self.stop()
            raise

    def records(self) -> list[dict]:
        """What has been taken, oldest first."""
        return [json.loads(line) for line in self.records_file.read_text().splitlines()]


def _address(said: Path) -> str | None:
    found = READY.search(said.read_text())
    return found[1] if found else None
