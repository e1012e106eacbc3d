#!/usr/bin/env python3
"""Searches with libFuzzer for what a target does not take: so many minutes of CPU for each.

A run begins with the other corpora, with tests/corpus/fuzz and with what earlier runs have found,
which stays in target/fuzz. The first input that fails ends it. `--keep` writes into
tests/corpus/fuzz what `make test` is to play: few short inputs that reach what no other does.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "tests" / "fuzz"
OUT = ROOT / "target" / "fuzz"
KEPT = ROOT / "tests" / "corpus" / "fuzz"

# How everything is built. What no target reaches is no place that is not reached.
BUILT = ["--sanitizer", "none", "--strip-dead-code", "--features", "companion"]
# A slow input is a failure: a callback of ours takes milliseconds.
LIMITS = ["-timeout=10", "-rss_limit_mb=1024", "-max_len=8192"]
# Of what is kept: bytes of an input, and how many of them a target has.
SHORT, FEW = 3072, 60


def arguments(targets):
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("program", help="cargo-fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {' '.join(targets)}")
    parser.add_argument("--minutes", type=float, default=10, help="CPU of each (default: 10)")
    parser.add_argument("--keep", action="store_true", help="only choose what is worth keeping")
    args = parser.parse_args()
    unknown = set(args.targets) - set(targets)
    if unknown:
        parser.error(f"no target is called {', '.join(sorted(unknown))}: there are {' '.join(targets)}")
    args.targets = args.targets or targets
    return args


def build(program):
    """Builds all targets: where their programs are.

    No sanitizer: our source has no `unsafe`, and what libFuzzer needs then is in every toolchain.
    """
    how = ["--fuzz-dir", str(PACKAGE), "--target-dir", str(OUT / "build"), *BUILT]
    command = [str(ROOT / program), "fuzz", "build", *how]
    subprocess.run(command, cwd=ROOT, check=True)
    told = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    host = re.search(r"^host: (.*)$", told, re.MULTILINE)[1]
    return OUT / "build" / host / "release"


def folders(name):
    """Where the seeds of a target are, and what has been found for it."""
    seeds, found, kept = OUT / name / "seeds", OUT / name / "found", KEPT / name
    shutil.rmtree(seeds, ignore_errors=True)
    seeds.mkdir(parents=True)
    found.mkdir(exist_ok=True)
    return [found, seeds, *([kept] if kept.is_dir() else [])]


def run(binary, options, paths, log):
    """Runs a target's program: its status, and the seconds of CPU it took."""
    seeds = {"FUZZ_SEEDS": str(OUT / binary.name / "seeds")}
    command = [str(binary), *LIMITS, *options, *map(str, paths)]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | seeds, stdout=log, stderr=log)
    try:
        _, status, used = os.wait4(process.pid, 0)
    except BaseException:
        process.kill()
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, used.ru_utime + used.ru_stime


def search(binary, minutes):
    """Searches for so long; false where an input fails."""
    name, paths = binary.name, folders(binary.name)
    failed = OUT / name / "failed-"
    options = [
        f"-artifact_prefix={failed}", f"-dict={PACKAGE / 'words.dict'}",
        "-print_final_stats=1", "-report_slow_units=1", "-reload=0",
    ]
    left, tried, text = minutes * 60, 0, ""
    # Whoever shares the machine takes none of a target's time.
    while left >= 1:
        with open(OUT / name / "log", "w+", encoding="utf-8", errors="replace") as log:
            status, seconds = run(binary, [*options, f"-max_total_time={max(1, int(left))}"], paths, log)
            log.seek(0)
            text = log.read()
        left -= max(seconds, 0.1)
        tried += sum(map(int, re.findall(r"stat::number_of_executed_units: (\d+)", text)))
        if status != 0:
            tell_failure(binary, text)
            return False
    covered = re.findall(r"cov: (\d+) ft: (\d+) corp: (\S+)", text)[-1:] or [("?", "?", "?")]
    slow = re.findall(r"Slowest unit: (\d+) s", text)
    memory = re.findall(r"stat::peak_rss_mb: +(\d+)", text)[-1:] or ["?"]
    rate = tried / (minutes * 60)
    print(f"{name:<11} {tried:>10} inputs, {rate:>7.0f} a second; {covered[0][0]} places, "
          f"{covered[0][1]} features, {covered[0][2]} inputs reach them; {memory[0]} MiB"
          + (f"; the slowest takes {slow[-1]} s" if slow else ""), flush=True)
    return True


def tell_failure(binary, text):
    """Says which input fails, and how to see it fail again."""
    sys.stdout.write(text[-6000:])
    written = re.findall(r"Test unit written to (\S+)", text)
    again = f"{binary.relative_to(ROOT)} {' '.join(written[-1:])}"
    print(f"\n{binary.name} does not take this input: see it again by\n  {again}\n"
          f"Mended, it is kept as a file of tests/corpus/fuzz/{binary.name}/, and make test plays it.")


def keep(binary):
    """Chooses what is kept: short inputs that reach what neither seeds nor others reach."""
    name, paths = binary.name, folders(binary.name)
    found, seeds, *old = paths
    with tempfile.TemporaryDirectory(dir=OUT) as chosen:
        chosen = pathlib.Path(chosen)
        with open(OUT / name / "log", "w", encoding="utf-8") as log:
            # Places count once, however often an input comes by.
            options = ["-merge=1", "-use_counters=0", "-set_cover_merge=1", f"-max_len={SHORT}"]
            run(binary, ["-runs=0"], [seeds], log)
            known = set(os.listdir(seeds))
            for seed in known:
                shutil.copy(seeds / seed, chosen)
            status, _ = run(binary, options, [chosen, found, *old], log)
        if status != 0:
            sys.exit(f"{name}: see {OUT / name / 'log'}")
        new = [path for path in chosen.iterdir() if path.name not in known]
        new.sort(key=lambda path: (path.stat().st_size, path.name))
        shutil.rmtree(KEPT / name, ignore_errors=True)
        (KEPT / name).mkdir(parents=True)
        # Where there are too many, of every length.
        new = new[:: max(1, -(-len(new) // FEW))]
        for path in new:
            shutil.copy(path, KEPT / name / path.name[:12])
    print(f"{name:<11} {len(new)} inputs are kept", flush=True)


def main():
    targets = sorted(path.stem for path in (PACKAGE / "fuzz_targets").glob("*.rs"))
    args = arguments(targets)
    programs = build(args.program)
    if args.keep:
        for name in args.targets:
            keep(programs / name)
        return
    for name in args.targets:
        if not search(programs / name, args.minutes):
            sys.exit(1)


if __name__ == "__main__":
    main()
