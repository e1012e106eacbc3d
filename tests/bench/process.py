"""A process that is measured, and the cores that it and everybody else run on."""

import os
import pathlib
import socket
import subprocess
import sys
import time

# The core of what is measured, and those of all others; where there is one it is everybody's.
CORE, *OTHERS = sorted(os.sched_getaffinity(0))
OTHERS = OTHERS or [CORE]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """Starts on every core, as it does anywhere, and is held to its own once it has answered."""

    def __init__(self, command, folder, ports, first_request, environment=None):
        self.ports = ports
        self.output = (folder / "output.log").open("wb")
        self.errors = folder / "errors.log"
        begin = time.perf_counter()
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                command, stdout=self.output, stderr=errors, start_new_session=True,
                env={**os.environ, **(environment or {})},
                preexec_fn=lambda: os.sched_setaffinity(0, {CORE, *OTHERS}))
        self._first_answer(first_request)
        # Seconds from the start of the process to its first answer.
        self.ready = time.perf_counter() - begin
        for task in self._tasks():
            os.sched_setaffinity(int(task.name), {CORE})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self._processes():
            os.kill(int(process.name), 9)
        self.process.wait()
        self.output.close()

    def _first_answer(self, request):
        end, answer = time.monotonic() + 120, b"nothing"
        while time.monotonic() < end:
            if self.process.poll() is not None:
                sys.exit(f"bench: it stopped at its start: {self.errors.read_text()[-2000:]}")
            try:
                with socket.create_connection(("127.0.0.1", self.ports["listen"]), 30) as line:
                    line.sendall(request)
                    answer = line.recv(4096)
                    if answer.startswith(b"HTTP/1.1 200"):
                        return
            except OSError:
                pass
            time.sleep(0.002)
        self.__exit__()
        sys.exit(f"bench: no good answer: {answer!r}: {self.errors.read_text()[-2000:]}")

    def _processes(self):
        """The process and all that it has started."""
        own = self.process.pid
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if int((folder / "stat").read_text().rpartition(") ")[2].split()[3]) == own:
                    yield folder
            except (FileNotFoundError, ProcessLookupError):
                pass

    def _tasks(self):
        return [task for process in self._processes() for task in (process / "task").iterdir()]

    def cpu_ns(self):
        """Nanoseconds on a CPU, all threads together."""
        total = 0
        for task in self._tasks():
            try:
                total += int((task / "schedstat").read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                pass
        return total

    def rss(self):
        """Bytes of memory that are there."""
        pages = sum(int((process / "statm").read_text().split()[1])
                    for process in self._processes())
        return pages * os.sysconf("SC_PAGESIZE")
