"""What real requests leave in the access log is what `tradewind report` tells of them."""

import hashlib
import json
import subprocess

from support import paths
from support.gateway import render
from support.policy import CLAUDE, policy


def test_a_report_is_of_what_was_served(launch, sim, tmp_path):
    rules = policy(sim.openai, sim.anthropic, sim.google)
    gateway = launch(render(rules, paths.LOGS / "report"))
    first = [gateway.chat(model="auto") for _ in range(4)]
    sim.weather(CLAUDE, status=529)
    second = [gateway.chat(model="auto", stream=True) for _ in range(2)]
    other = gateway.chat(model="gemini")
    assert {answer.status_code for answer in [*first, *second, other]} == {200}
    gateway.http.get("/v1/models").raise_for_status()
    about = first[0].headers["x-tradewind-request-id"]
    heard = gateway.http.post("/v1/feedback", json={"request_id": about, "score": 0.25})
    assert (heard.status_code, heard.json()) == (200, {"request_id": about, "score": 0.25})
    refused = gateway.http.post("/v1/feedback", json={"request_id": about, "score": 5})
    assert refused.status_code == 400 and refused.json()["error"]["param"] == "score"
    gateway.envoy.wait_for("the log", lambda: len(gateway.envoy.access_log()) == 10)

    log = tmp_path / "access.log"
    log.write_text("starting\n" + "\n".join(map(json.dumps, gateway.envoy.access_log())))
    page = tmp_path / "report.html"
    command = [paths.TRADEWIND, "report", log, "--by", "chain", "--json", "--html", page]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["requests"], report["unreadable"]) == (7, 1)
    rows = {row["name"]: row for row in report["groups"][0]["rows"]}
    assert {name: row["requests"] for name, row in rows.items()} == {"all": 6, "gemini": 1}
    metrics = rows["all"]["metrics"]
    assert metrics["fallbacks"]["mean"]["value"] == 2 / 6
    assert metrics["score"]["mean"]["value"] == 0.25
    assert metrics["errors"]["mean"]["value"] == 0
    assert metrics["duration_ms"]["mean"]["value"] > 0
    text = page.read_text()
    assert text.startswith("<!doctype html>") and "http" not in text.replace("http-equiv", "")


def test_units_and_policies_are_told_by_the_log(launch, sim, tmp_path):
    rules = policy(sim.openai, sim.anthropic, sim.google)
    rules["request_headers"] = ["x-session"]
    arms = [{"name": "control", "weight": 1}, {"name": "other", "weight": 1, "chain": "pair"}]
    experiment = {"name": "session", "unit": {"header": "x-session"}, "arms": arms}
    rules["experiments"] = [experiment]
    folder = paths.LOGS / "report-units"
    gateway = launch(render(rules, folder))
    for session in range(20):
        gateway.http.headers["x-session"] = f"s{session}"
        for _ in range(2):
            assert gateway.chat(model="auto").status_code == 200
    gateway.envoy.wait_for("the log", lambda: len(gateway.envoy.access_log()) == 40)

    lines = gateway.envoy.access_log()
    units = {hashlib.sha256(f"unit\x1fsession\x1fs{own}".encode()).hexdigest()[:16] for own in range(20)}
    assert {line["units"]["session"] for line in lines} == units
    log = tmp_path / "access.log"
    log.write_text("\n".join(map(json.dumps, lines)))
    command = [paths.TRADEWIND, "report", log, "--policy", folder / "policy.json", "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [group] = json.loads(done.stdout)["groups"]
    assert (group["name"], group["independent"]) == ("session", "units")
    assert sum(row["units"] for row in group["rows"]) == 20
    # The lines name the policy that the file is: all of them are held against its weights.
    assert group["mismatch_left_out"] == 0 and not group["mismatch_supposes_one_policy"]
    assert group["mismatch_p"] > 1e-6
