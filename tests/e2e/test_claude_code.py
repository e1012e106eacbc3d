"""Claude Code, unchanged, at tasks with tools: on every provider, and while Claude fails and returns.

The simulated models make the calls that a task spells out. They refuse what the real ones refuse: a
call without its result, a thought whose signature is not theirs, a parameter that a model lacks.
"""

import json
import os
import subprocess

import pytest

from support import paths
from support.policy import APP_KEY, MODELS

# Its package has a binary for each platform, and npm installs this one's.
CLAUDE = sorted(paths.NODE_MODULES.glob("@anthropic-ai/claude-code-*/claude"))
# How a request ends that a provider does not refuse.
FAIR = ("answer", "calls", "streamed", "streamed calls", "weather", "reset")
PROVIDERS = {"claude": "anthropic", "gpt": "openai", "gemini": "gemini"}


class ClaudeCode:
    """One user's Claude Code: a home and a folder to work in."""

    def __init__(self, url: str, model: str, folder):
        self.work = folder / "work"
        self.work.mkdir()
        self.session = None
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_AUTH_TOKEN": APP_KEY,
            "ANTHROPIC_MODEL": model,
            "ANTHROPIC_SMALL_FAST_MODEL": model,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_TELEMETRY": "1",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_ERROR_REPORTING": "1",
            # It runs as root in a container, where it would not skip its questions otherwise.
            "IS_SANDBOX": "1",
        }

    def turn(self, task: str) -> str:
        """What it says in the end of a turn of its one session."""
        command = [CLAUDE[0], "-p", task, "--output-format", "json"]
        command += ["--allowedTools", "Bash", "Read", "Write"]
        command += ["--resume", self.session] if self.session else []
        done = subprocess.run(
            command, cwd=self.work, env=self.env, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60,
        )
        assert done.returncode == 0, (done.stdout, done.stderr)
        said = json.loads(done.stdout)
        assert said["subtype"] == "success" and not said["is_error"], said
        self.session = said["session_id"]
        return said["result"]

    def bash(self, command: str) -> str:
        """A step of a task."""
        return f"[step Bash {json.dumps({'command': command})}]"


@pytest.fixture
def claude_code(gateway, tmp_path):
    """Starts a Claude Code that asks for a model."""
    return lambda model: ClaudeCode(gateway.url, model, tmp_path)


def served(sim) -> list[str]:
    """Who has answered, in order; whatever was refused was refused by the weather alone."""
    requests = sim.requests()
    wrong = [one for one in requests if one.answered["outcome"] not in FAIR]
    assert not wrong, [one.answered for one in wrong]
    return [one.provider for one in requests]


@pytest.mark.parametrize("model", PROVIDERS)
def test_a_task_of_several_turns(claude_code, sim, model):
    app = claude_code(model)
    written = {"file_path": str(app.work / "b.txt"), "content": "written by a tool"}
    task = f"Do this: {app.bash('echo first > a.txt')} [step Write {json.dumps(written)}]"
    assert "tool said" in app.turn(task)
    assert (app.work / "a.txt").read_text() == "first\n"
    assert (app.work / "b.txt").read_text() == "written by a tool"
    read = {"file_path": str(app.work / "a.txt")}
    assert "first" in app.turn(f"And now this: [step Read {json.dumps(read)}]")
    assert set(served(sim)) == {PROVIDERS[model]}


def test_claude_fails_within_a_turn_and_comes_back(claude_code, sim):
    app = claude_code("auto")
    weather = str(sim.admin.base_url.join("/weather"))
    row = json.dumps({"model": MODELS["claude"], "status": 529})
    (app.work / "storm.sh").write_text(f"curl -sS -d '{row}' {weather}\n")
    (app.work / "calm.sh").write_text(f"curl -sS -X DELETE {weather}\n")
    steps = ["echo 1 >> a.txt", "sh storm.sh", "echo 2 >> a.txt", "sh calm.sh", "echo 3 >> a.txt"]
    app.turn("Do this: " + " ".join(map(app.bash, steps)))
    assert (app.work / "a.txt").read_text() == "1\n2\n3\n"
    asked = served(sim)
    # What answers a call goes to the model that made it, until the turn is over.
    assert (asked[0], asked[-1]) == ("anthropic", "openai"), asked
    app.turn("And now this: " + app.bash("echo 4 >> a.txt"))
    assert (app.work / "a.txt").read_text() == "1\n2\n3\n4\n"
    assert served(sim)[-1] == "anthropic"


def test_claude_fails_between_turns(claude_code, sim):
    app = claude_code("auto")
    app.turn("Do this: " + app.bash("echo 1 >> a.txt"))
    sim.weather(MODELS["claude"], reset="before_headers")
    said = app.turn("And now this: " + app.bash("echo 2 >> a.txt"))
    assert said.startswith("openai/"), said
    sim.reset()
    said = app.turn("And now this: " + app.bash("echo 3 >> a.txt"))
    assert said.startswith("anthropic/"), said
    assert (app.work / "a.txt").read_text() == "1\n2\n3\n"
