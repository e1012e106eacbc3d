"""The routing data beside this repository, as labels."""
import csv
import gzip
import json
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "routing"

# How many times dearer the strong model of a pair is.
RATIO = {"gpt4o-4omini": 16.7, "gemini15pro-flash": 16.7, "gpt4t-mixtral": 40}


def present():
    return (DATA / "dev" / "prompts.jsonl.gz").exists()


def labels():
    """The labels of each pair; a route is a dataset."""
    with gzip.open(DATA / "dev" / "prompts.jsonl.gz", "rt", encoding="utf-8") as file:
        prompts = {row["pid"]: row["prompt"] for row in map(json.loads, file)}
    pairs = defaultdict(list)
    with gzip.open(DATA / "dev" / "outcomes.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            of_pair = pairs[row["pair"]]
            label = {
                "id": f"{row['pid']}-{len(of_pair)}",
                "route": row["ds"],
                "prompt": prompts[row["pid"]],
                "premium": float(row["qs"]),
                "budget": float(row["qw"]),
            }
            for ours, theirs in (("input", "tin"), ("premium", "ts"), ("budget", "tw")):
                if row[theirs]:
                    label[f"{ours}_tokens"] = float(row[theirs])
            of_pair.append(label)
    return pairs


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def texts(path):
    """The texts with their token counts, unpacked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(DATA / "tokens" / "dev.jsonl.gz", "rb") as packed:
        path.write_bytes(packed.read())
