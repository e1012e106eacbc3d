"""`make demo` and `make run`: every step proves itself, and nothing is left behind."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from conftest import ENVOYS, NEWEST
from support import paths

DEMO = paths.ROOT / "tests/tools/demo"
STEPS = 30
DEFAULT_PORTS = (10000, 9901, 9902, 8700)
KEYS = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY")


class Run:
    """A demo with a temporary folder of its own, by which whatever it leaves is known."""

    def __init__(self, folder: Path, *options: str, program=(DEMO,), **environment: str):
        self.folder = folder
        folder.mkdir()
        outside = {name: value for name, value in os.environ.items() if name not in KEYS}
        self.environment = {
            **outside,
            "ENVOY": str(ENVOYS[NEWEST]),
            "TMPDIR": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            **environment,
        }
        self.file = folder.with_suffix(".out")
        with self.file.open("wb") as out:
            command = [sys.executable, *program, *options]
            self.process = subprocess.Popen(
                command, env=self.environment, stdout=out, stderr=subprocess.STDOUT
            )

    def said(self) -> str:
        return self.file.read_text()

    def wait_for(self, text: str) -> str:
        """Everything it has said, once that text is in it."""
        end = time.monotonic() + 240
        while text not in self.said() and self.process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        assert text in self.said(), self.said()
        return self.said()

    def end(self) -> int:
        """Its exit code."""
        return self.process.wait(240)

    def left(self) -> list[str]:
        """Files and processes that are still there."""
        mark = f"TMPDIR={self.folder}".encode()
        found = [str(path) for path in self.folder.rglob("*")]
        for environment in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark in environment.read_bytes().split(b"\0"):
                    found.append(environment.parent.joinpath("comm").read_text().strip())
        return found


@pytest.fixture
def run(tmp_path):
    """Starts a demo: `run(options, ...)`; none outlives the test."""
    started = []

    def start(*options: str, **settings) -> Run:
        started.append(Run(tmp_path / str(len(started)), *options, **settings))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.terminate()
            one.process.wait(20)


def proved(said: str) -> None:
    """Every step, without a colour in it: the output is no terminal."""
    assert len(re.findall(r"^    ok  ", said, re.M)) == STEPS, said
    assert "FAILED" not in said and "\033" not in said, said


def test_it_stays_up_beside_another_copy_until_it_is_stopped(run):
    staying, once = run(), run("--once")
    said = staying.wait_for("its admin page")
    proved(said)
    assert once.end() == 0, once.said()
    proved(once.said())
    assert once.left() == []
    # What it prints to try is what works.
    command = re.search(r"curl http.*\\\n.*'", said)
    answer = subprocess.run(command[0], shell=True, capture_output=True, text=True, timeout=20)
    assert '"chat.completion"' in answer.stdout, answer
    snippet = re.search(r"-c '(import openai\n.*?)'\n", said, re.S)
    done = subprocess.run([sys.executable, "-c", snippet[1]], capture_output=True, text=True)
    assert "claude-sonnet-5-5 saw 1 message" in done.stdout, done
    weather = re.search(r"curl http\S+/weather -d .*", said)
    subprocess.run(weather[0], shell=True, check=True, capture_output=True, timeout=20)
    answer = subprocess.run(command[0], shell=True, capture_output=True, text=True, timeout=20)
    assert "openai/gpt-6-sol" in answer.stdout, answer
    staying.process.send_signal(signal.SIGINT)
    assert staying.end() == 0
    assert staying.left() == []


# The demo, blind to who holds a port: it finds out as late as Envoy does.
BLIND = f"""
import runpy, sys
sys.path.insert(0, {str(DEMO)!r})
import ports
ports._free = lambda port: True
runpy.run_path({str(DEMO)!r}, run_name="__main__")
"""


@pytest.fixture
def held_ports():
    """Somebody else listens on the default ports."""
    with contextlib.ExitStack() as held:
        for port in DEFAULT_PORTS:
            listener = held.enter_context(socket.socket())
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # One that somebody holds already is held as well.
            with contextlib.suppress(OSError):
                listener.bind(("127.0.0.1", port))
                listener.listen()
        yield


def test_held_ports_are_left_alone_twice_in_a_row(run, held_ports):
    for blind in (False, True):
        program = ("-c", BLIND) if blind else (DEMO,)
        once = run(program=program, DEMO_ONCE="1")
        assert once.end() == 0, once.said()
        proved(once.said())
        assert once.left() == []


def test_a_kill_in_the_middle_of_the_tour_leaves_nothing(run):
    stopped = run()
    stopped.wait_for(" 1  ")
    stopped.process.terminate()
    assert stopped.end() == 128 + signal.SIGTERM, stopped.said()
    assert stopped.left() == []


def test_the_real_providers_are_ready_to_be_asked(run):
    real = run("--real", **dict.fromkeys(KEYS, "key-of-a-provider"))
    said = real.wait_for("its admin page")
    url, key = re.search(r'OpenAI\(base_url="(.*)", api_key="(.*)"\)', said).groups()
    models = httpx.get(f"{url}/models", headers={"authorization": f"Bearer {key}"}, trust_env=False)
    assert "claude-sonnet" in models.text
    stranger = {"authorization": "Bearer change-me"}
    assert httpx.get(f"{url}/models", headers=stranger, trust_env=False).status_code == 401
    real.process.terminate()
    assert real.end() == 0
    assert real.left() == []


def test_a_provider_without_a_key_is_left_out(run, tmp_path):
    key = tmp_path / "key"
    key.write_text("AIza-1\n")
    real = run("--real", "--once", GEMINI_API_KEY_FILE=str(key))
    assert real.end() == 0, real.said()
    assert "anthropic is left out" in real.said() and "openai is left out" in real.said()


ENDS = {"ENVOY": "/bin/false", **dict.fromkeys(KEYS, "1")}
TROUBLES = {
    "not built": (["--once"], {"TRADEWIND": "/nowhere/tradewind"}, "`make build` brings it"),
    "no envoy": (["--once"], {"ENVOY": "/nowhere/envoy"}, "`make setup` brings an Envoy"),
    "envoy ends": (["--real"], ENDS, "Envoy has ended by itself, with code 1"),
    "no key": (["--real", "--once"], {}, "set ANTHROPIC_API_KEY"),
    "no such file": (["--real"], {"OPENAI_API_KEY_FILE": "/nowhere/key"}, "`/nowhere/key` cannot"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_is_explained(run, trouble):
    options, environment, expected = TROUBLES[trouble]
    failed = run(*options, **environment)
    assert failed.end() == 1
    assert expected in failed.said()
    assert "Traceback" not in failed.said()
    log = re.search(r"its log is (\S+\.log), and ends with", failed.said())
    assert bool(log) == (trouble == "envoy ends")
    if log:
        # It is kept, and no key beside it.
        assert Path(log[1]).exists() and not list(failed.folder.rglob("secrets"))
    else:
        assert failed.left() == []


def test_a_step_that_shows_something_else_fails(run, tmp_path):
    """The same tour with a chain in another order: each step that needs Claude first says so."""
    policy = (paths.ROOT / "envoy/gateway/policy.yaml").read_text()
    changed = tmp_path / "policy.yaml"
    changed.write_text(policy.replace("[claude-sonnet, gpt-sol, ", "[gpt-sol, claude-sonnet, "))
    failed = run("--once", POLICY=str(changed))
    assert failed.end() == 1
    assert "FAILED: served by gpt-sol, not by claude-sonnet" in failed.said()
    assert "steps do not show what they say" in failed.said()
