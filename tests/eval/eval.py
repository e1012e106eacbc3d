"""Measures calibration, score and token estimate on the routing data: `make eval`.

Everything goes through the commands, as an operator's labels would. What is measured is never what
was learned from: each of five parts is decided by weights and a threshold from the other four.
"""
import argparse
import json
import os
import random
import subprocess
import sys

import data
import figures

WORK = data.ROOT / "target" / "eval"
BINARY = data.ROOT / "target" / "release" / "tradewind"
FOLDS = 5


def calibrate(labels, ratio, seed, name="fold"):
    """Weights from labels, and the report of them."""
    data.write(WORK / f"{name}.jsonl", labels)
    command = [
        BINARY, "calibrate", "--labels", WORK / f"{name}.jsonl", "--out", WORK / f"{name}.json",
        "--report", WORK / name, "--price-ratio", str(ratio), "--seed", str(seed),
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return json.loads((WORK / name / "report.json").read_text())


def score(rows, name="fold"):
    """What the filter's code says of each row."""
    data.write(WORK / "requests.jsonl", rows)
    command = [BINARY, "score", "--weights", WORK / f"{name}.json", WORK / "requests.jsonl"]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return {row["id"]: row for row in map(json.loads, out.splitlines())}


def parts(rows, seed):
    """Five parts; rows of one prompt are in the same."""
    prompts = sorted({row["prompt"] for row in rows})
    random.Random(seed).shuffle(prompts)
    part = {prompt: at % FOLDS for at, prompt in enumerate(prompts)}
    for fold in range(FOLDS):
        outside = [row for row in rows if part[row["prompt"]] != fold]
        yield outside, [row for row in rows if part[row["prompt"]] == fold]


def without(row, *names):
    return {name: value for name, value in row.items() if name not in names}


def nested(rows, ratio, seed):
    """The ids that the budget model answers, and every score, each decided by the others."""
    budget, scores = set(), {}
    for outside, inside in parts(rows, seed):
        calibrate(outside, ratio, seed)
        for name, one in score(inside).items():
            scores[name] = one["score"]
            if one["class"] == "budget":
                budget.add(name)
    return budget, scores


def ranking(pairs, seeds, say):
    # RouteLLM counts calls, not tokens: every call costs the same.
    same = {"input_tokens": 100, "premium_tokens": 100, "budget_tokens": 100}
    rows = [without(row, "route") | same for row in pairs["gpt4t-mixtral"] if row["route"] == "mmlu"]
    length = figures.apgr(rows, {row["id"]: len(row["prompt"].encode()) for row in rows})
    for most, goal in ((1500, 0.62), (None, 0.65)):
        found = []
        for seed in seeds:
            scores = {}
            for outside, inside in parts(rows, seed):
                some = random.Random(seed).sample(outside, most) if most else outside
                calibrate(some, 40, seed)
                scores |= {name: one["score"] for name, one in score(inside).items()}
            found.append(figures.apgr(rows, scores))
        name = f"GPT-4T/Mixtral MMLU APGR, {most or 'all'} labels"
        say(name, f"{mean(found):.3f}", f"{goal}", f"{length:.3f}", "0.500", "0.603")


def close(pairs, seeds, say):
    names = ("gpt4o-4omini", "gemini15pro-flash")
    rows = [row for name in names for row in unique(pairs[name], name)]
    saved, changes, lows, length, length_q, chance = [], [], [], [], [], []
    for seed in seeds:
        budget, of_pair = set(), []
        for name in names:
            own = unique(pairs[name], name)
            moved, _ = nested(own, data.RATIO[name], seed)
            budget |= moved
            of_pair.append(figures.saved(own, moved, data.RATIO[name]))
            same_rule = calibrate(own, data.RATIO[name], seed, "whole")["same_rule"]
            length.append(same_rule["length"]["saved"]["mean"])
            length_q.append(same_rule["length"]["quality"]["mean"])
            chance.append(same_rule["chance"]["saved"]["mean"])
        change, low, _ = figures.quality(rows, budget)
        saved.append(mean(of_pair))
        changes.append(change)
        lows.append(low)
    by_length, by_chance = f"{100 * mean(length):.1f} %", f"{100 * mean(chance):.1f} %"
    name = "GPT-4o + Gemini, nested: "
    say(name + "saved", f"{100 * mean(saved):.1f} %", "35 %", by_length, by_chance, "34.5 %")
    say(name + "dQ", points(mean(changes)), "-0.5 pp", points(mean(length_q)), "", "-0.19 pp")
    say(name + "dQ, 95 % lower bound", points(mean(lows)), "-1.0 pp", "", "", "-0.86 pp")
    say(name + "saved, by length's", f"{mean(saved) / mean(length):.2f} x", "1.5 x", "1", "", "1.96 x")


def far(pairs, seeds, say):
    name = "gpt4t-mixtral"
    rows, ratio = unique(pairs[name], name), data.RATIO[name]
    found = [nested(rows, ratio, seed)[0] for seed in seeds]
    change = mean([figures.quality(rows, budget)[0] for budget in found])
    saved = mean([figures.saved(rows, budget, ratio) for budget in found])
    same_rule = calibrate(rows, ratio, seeds[0], "whole")["same_rule"]
    length, chance = same_rule["length"], same_rule["chance"]
    said = [points(of["quality"]["mean"]) for of in (length, chance)]
    say("GPT-4T/Mixtral: dQ under the same rule", points(change), "-1.0 pp", *said, "-0.4 to -0.8")
    said = [f"{100 * of['saved']['mean']:.1f} %" for of in (length, chance)]
    say("GPT-4T/Mixtral: saved", f"{100 * saved:.1f} %", "any", *said, "4-5 %")


def unseen(pairs, seeds, say):
    named, text = [], []
    for name, rows in pairs.items():
        for route in sorted({row["route"] for row in rows}):
            inside = [row for row in rows if row["route"] == route]
            outside = [row for row in rows if row["route"] != route]
            for strip, found in (((), named), (("route",), text)):
                calibrate([without(row, *strip) for row in outside], data.RATIO[name], seeds[0])
                classes = score([without(row, *strip) for row in inside]).values()
                found.append(sum(one["class"] == "premium" for one in classes) / len(classes))
    for how, found in (("a route without labels", named), ("text alone", text)):
        worst = f"least {100 * min(found):.0f} %"
        name = f"an unseen kind stays premium, {how}"
        say(name, f"{100 * mean(found):.1f} % ({worst})", "95 %", "", "", "")


def speed(say):
    """The wasm build in Node: what it says is on lines that begin with `speed`."""
    command = [
        "cargo", "test", "--release", "--locked", "--no-default-features",
        "--target", "wasm32-unknown-unknown", "--test", "speed", "--", "--nocapture",
    ]
    # As the module for Envoy is built: `.cargo/config.toml`.
    flags = {"CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS": "-C target-feature=+simd128"}
    # The whole test is one call of one function, which V8 would never come to optimise; a filter's
    # functions are called again and again.
    flags["NODE_ARGS"] = "--no-liftoff"
    out = subprocess.run(
        command, cwd=data.ROOT, env=os.environ | flags, capture_output=True, text=True, check=False
    )
    lines = [line.split() for line in out.stdout.splitlines() if line.startswith("speed ")]
    if not lines:
        print(f"not measured: the score's time in V8\n{out.stderr[-2000:]}", file=sys.stderr)
    for _, name, p50, p99 in lines:
        goal = {"1KiB": "5 / -", "4KiB": "- / 25"}[name]
        say(f"score in V8, {name}, p50 / p99 in us", f"{p50} / {p99}", goal, "", "", "3.4 / 21")


def tokens(say):
    data.texts(WORK / "tokens.jsonl")
    command = [
        "cargo", "run", "--quiet", "--release", "--locked", "--features", "companion",
        "--example", "tokens", "--", WORK / "tokens.jsonl",
    ]
    out = subprocess.run(command, cwd=data.ROOT, check=True, stdout=subprocess.PIPE).stdout
    for row in map(json.loads, out.splitlines()):
        value = "{mean:.1f} / {p95:.1f} / {bias:+.1f} %".format(**row)
        goal = "6.0 / 17 / 1 %" if row["of"] == "o200k" else ""
        published = {"o200k": "6.0 / 16.9 / -0.1 %", "cl100k": "6.3 / 18.3 / 0.0 %"}[row["of"]]
        say(f"tokens of {row['of']}: mean error / p95 / total bias", value, goal, "", "", published)


def unique(rows, pair):
    return [row | {"id": f"{pair}-{row['id']}"} for row in rows]


def mean(values):
    return sum(values) / len(values)


def points(change):
    return f"{100 * change:+.2f} pp"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="how many splits are averaged")
    parser.add_argument("--only", default="", help="one part: ranking, close, far, unseen, speed, tokens")
    args = parser.parse_args()
    if not data.present():
        sys.exit(f"nothing is measured: the routing data is not in {data.DATA}")
    pairs, seeds = data.labels(), list(range(1, args.seeds + 1))
    pairs = {name: rows for name, rows in pairs.items() if name in data.RATIO}
    print("| figure | measured | at least | length alone | chance | published |")
    print("|---|---|---|---|---|---|")

    def say(*cells):
        print("| " + " | ".join(cells) + " |", flush=True)

    for part in (ranking, close, far, unseen):
        if args.only in ("", part.__name__):
            part(pairs, seeds, say)
    for part in (speed, tokens):
        if args.only in ("", part.__name__):
            part(say)


if __name__ == "__main__":
    main()
