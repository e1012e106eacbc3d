"""Disks that get full, without root: each can be filled and freed while the service runs."""

import resource
import subprocess
from pathlib import Path


class Limited:
    """The kernel lets no file of the service's grow any more: what it writes is refused."""

    prefix: tuple[str, ...] = ()
    # A process that ignores the signal is told by an error, as it is of a full disk.
    options = {"restore_signals": False}

    def __init__(self, folder: Path):
        self.database = f"sqlite:{folder / 'ledger.db'}"

    def fill(self, pid: int) -> None:
        """No byte more."""
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, most))

    def free(self, pid: int) -> None:
        """As before."""
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))


class Small:
    """A file system of its own for the service, where the kernel lets it: with room for a log that
    has grown to its bound, 64 megabytes, beside what the load writes."""

    options: dict = {}

    def __init__(self, folder: Path):
        self.mount = folder / "small"
        self.mount.mkdir()
        self.database = f"sqlite:{self.mount / 'ledger.db'}"
        mount = f"mount -t tmpfs -o size=192m tmpfs '{self.mount}' && exec \"$@\""
        self.prefix = ("unshare", "-Urm", "sh", "-c", mount, "sh")

    def possible(self) -> bool:
        """Whether this machine lets an ordinary process have one."""
        return subprocess.run([*self.prefix, "true"], capture_output=True).returncode == 0

    def inside(self, pid: int) -> Path:
        """It as others see it."""
        return Path(f"/proc/{pid}/root{self.mount}")

    def fill(self, pid: int) -> None:
        """With something else, to the last byte."""
        with (self.inside(pid) / "ballast").open("wb", buffering=0) as ballast:
            try:
                while ballast.write(b"0" * 4096):
                    pass
            except OSError:
                pass

    def free(self, pid: int) -> None:
        """Without it again."""
        (self.inside(pid) / "ballast").unlink()
