"""Where things are."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TRADEWIND = Path(os.environ.get("TRADEWIND") or ROOT / "target/release/tradewind")
LEDGER = Path(os.environ.get("LEDGER") or ROOT / "target/release/tradewind-ledger")
WASM = Path(os.environ.get("WASM") or ROOT / "target/wasm32-wasip1/release/tradewind.wasm")
NODE_MODULES = ROOT / ".tools/node/node_modules"
# Logs and rendered configurations of the last run stay here; each process that runs a share of the
# tests has a folder of its own.
LOGS = ROOT / "target/e2e" / os.environ.get("PYTEST_XDIST_WORKER", ".")


def envoys() -> dict[str, Path]:
    """The binaries to test, by version, oldest first."""
    if named := os.environ.get("ENVOY"):
        return {"named": Path(named)}
    versions = (os.environ.get("ENVOY_VERSIONS") or "1.39.3 1.40.0").split()
    return {version: ROOT / f".tools/envoy-{version}/envoy" for version in versions}
