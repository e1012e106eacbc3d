"""A clock of the service's own, that a test turns forward and back while it runs."""

import os
from pathlib import Path

LIBRARY = "faketime/libfaketime.so.1"


class Clock:
    """Give `env` to a service; then `turn` moves its wall clock, and not how fast time goes."""

    def __init__(self, folder: Path):
        [library, *_] = sorted(Path("/usr/lib").glob(f"*/{LIBRARY}"))
        self.file = folder / "clock"
        self.env = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.turn(0)

    def turn(self, seconds: int) -> None:
        """So far from the true time."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        os.replace(new, self.file)
