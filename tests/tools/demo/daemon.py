"""A process that never outlives the demo."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, TypeVar

from trouble import Trouble

Found = TypeVar("Found")

SET_PARENT_DEATH_SIGNAL = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _end_with_parent() -> None:
    """Even a demo that is killed outright takes its processes with it."""
    if _libc is not None:
        _libc.prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


class Daemon:
    """A running command; what it says is in `out` and `log`."""

    def __init__(
        self, what: str, command: list, folder: Path, name: str, environment: dict | None = None
    ):
        self.what = what
        self.out, self.log = folder / f"{name}.out", folder / f"{name}.log"
        with self.out.open("wb") as out, self.log.open("wb") as log:
            try:
                # Its own session: Ctrl-C is the demo's alone, which then ends it in order.
                self.process = subprocess.Popen(
                    [str(part) for part in command],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=log,
                    env={**os.environ, **(environment or {})},
                    start_new_session=True,
                    preexec_fn=_end_with_parent,
                )
            except OSError as why:
                raise Trouble(f"{what} cannot be started: {why}") from None

    def wait_for(self, found: Callable[[], Found | None], seconds: float = 20) -> Found:
        """What is found, as soon as there is something."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := found():
                return value
            self.check()
            time.sleep(0.02)
        raise Trouble(f"{self.what} is not ready after {seconds:.0f} seconds", self.log)

    def check(self) -> None:
        """Complains when it has ended by itself."""
        code = self.process.poll()
        if code is not None:
            raise Trouble(f"{self.what} has ended by itself, with code {code}", self.log)

    def stop(self) -> None:
        """Asks it to end, and makes it."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
