"""A process that runs beside the tests and never outlives them."""

import subprocess
import time
from pathlib import Path
from typing import Callable, TypeVar

Found = TypeVar("Found")


class Daemon:
    """Starts a command with its output in a file; `stop` ends it for sure."""

    def __init__(self, command: list[str], log: Path, stdout=None, **more):
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        self.name = Path(command[0]).name
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=stdout or out,
                stderr=out,
                **more,
            )

    def wait_for(self, what: str, find: Callable[[], Found | None], seconds: float = 20) -> Found:
        """What `find` finds, as soon as it finds something."""
        start = time.monotonic()
        while (waited := time.monotonic() - start) < seconds:
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended by itself:\n{self.tail()}")
            found = find()
            if found:
                return found
            # What takes long is looked for less often: looking costs Envoy its time too.
            time.sleep(min(max(0.01, waited / 8), 0.2))
        raise AssertionError(f"{self.name}: no {what} in {seconds} s:\n{self.tail()}")

    def stop(self) -> None:
        """Asks it to end, and makes it."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def text(self) -> str:
        """Everything it has written."""
        return self.log.read_text(errors="replace")

    def tail(self, lines: int = 40) -> str:
        """The end of what it has written."""
        return "\n".join(self.text().splitlines()[-lines:])
