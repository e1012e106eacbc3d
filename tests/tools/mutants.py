#!/usr/bin/env python3
"""Changes the source, one change at a time, and counts what no test notices.

cargo-mutants knows about two thousand changes of what `.cargo/mutants.toml` names; that file says
too which tests are to notice. A sample is every so manieth of them: another number tries others.
Fails where more than one in ten lives, or where the tests fail on the source as it is.
"""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "target" / "mutants-tried"

KINDS = {"CaughtMutant": "caught", "MissedMutant": "live", "Timeout": "stuck", "Unviable": "unviable"}


def arguments():
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("program", help="cargo-mutants")
    parser.add_argument("--sample", type=int, default=0, help="which sample (default: 0)")
    parser.add_argument("--size", type=int, default=80, help="changes in a sample (default: 80)")
    parser.add_argument("--minutes", type=float, default=28, help="the end, whatever is left")
    parser.add_argument("--jobs", type=int, default=2, help="changes at once (default: 2)")
    return parser.parse_args()


def known(program):
    """How many changes there are."""
    listed = subprocess.run([program, "mutants", "--list"], cwd=ROOT, check=True, capture_output=True)
    return len(listed.stdout.splitlines())


def run(args, samples):
    """Tries a sample of them; whether there was time for all."""
    OUT.mkdir(parents=True, exist_ok=True)
    which = ["--shard", f"{args.sample % samples}/{samples}", "--sharding", "round-robin"]
    # In any order: what a slow machine has no time for is then not always the same room's.
    how = ["--shuffle", "--jobs", str(args.jobs), "--timeout-multiplier", "4", "--colors", "never"]
    command = [args.program, "mutants", *which, *how, "--output", str(OUT)]
    # Properties are most of the time that a change costs, and most changes break them at once.
    quick = {"PROPTEST_CASES": "60"}
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | quick, start_new_session=True)
    try:
        process.wait(args.minutes * 60)
        return True
    except subprocess.TimeoutExpired:
        return False
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait()


def outcomes():
    """What came of each change, by kind; none where the tests fail without any."""
    tried = {kind: [] for kind in KINDS.values()}
    for outcome in json.loads((OUT / "mutants.out" / "outcomes.json").read_text())["outcomes"]:
        if outcome["scenario"] == "Baseline":
            if outcome["summary"] != "Success":
                return None
        elif outcome["summary"] in KINDS:
            tried[KINDS[outcome["summary"]]].append(outcome["scenario"]["Mutant"]["name"])
    return tried


def main():
    args = arguments()
    args.program = str(ROOT / args.program)
    begun = time.monotonic()
    samples = max(1, known(args.program) // args.size)
    in_time = run(args, samples)
    tried = outcomes()
    if tried is None:
        sys.exit("the tests fail on the source as it is: see target/mutants-tried/mutants.out/log")
    for name in sorted(tried["live"]):
        print(f"live: {name}")
    live, caught = len(tried["live"]), len(tried["caught"]) + len(tried["stuck"])
    judged = live + caught
    print(
        f"sample {args.sample % samples} of {samples}: {judged} tried, {caught} caught"
        f" ({len(tried['stuck'])} by the time they took), {live} live"
        f" ({100 * live / max(1, judged):.1f} %), {len(tried['unviable'])} unviable,"
        f" in {(time.monotonic() - begun) / 60:.0f} minutes"
        + ("" if in_time else ": there was no time for the others")
    )
    if not judged:
        sys.exit("none was judged: allow more --minutes")
    if live * 10 > judged:
        sys.exit("more than one in ten lives: write the tests that would have noticed")


if __name__ == "__main__":
    main()
