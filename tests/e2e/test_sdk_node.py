"""The official `openai` SDK for Node, unchanged."""

import json
import subprocess
from pathlib import Path

import pytest

from support import paths
from support.policy import APP_KEY, CLAUDE

APP = Path(__file__).parent / "node/chat.mjs"


@pytest.mark.core
@pytest.mark.parametrize("model", ["claude", "gpt", "gemini", "auto"])
def test_an_app_written_for_node(gateway, sim, model):
    if model == "auto":
        sim.weather(CLAUDE, status=529)
    command = ["node", APP, paths.NODE_MODULES, f"{gateway.url}/v1", APP_KEY, model]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout)
    assert "[mark:whole]" in got["whole"]
    assert "[mark:streamed]" in got["streamed"] and got["streamed"].endswith("word20")
    assert got["called"] == ["get_weather"]
    assert got["refused"] == {"name": "NotFoundError", "status": 404, "code": "model_not_found"}
    assert "auto" in got["models"]
