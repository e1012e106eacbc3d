"""The OpenAPI document is what the service does: schemathesis tries to prove the contrary."""

import subprocess
import sys
from pathlib import Path

from stage.ledger import ADMIN, assert_clean

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
CONFIG = Path(__file__).parent / "schemathesis.toml"


def test_the_document_and_the_service_agree(sqlite, launch, folder):
    ledger = launch(sqlite.url)
    ledger.buy("acme", "one", credits="1000")
    ledger.hold("hold", "acme", "1")
    command = [
        *(SCHEMATHESIS, "--config-file", CONFIG, "run", f"{ledger.url}/openapi.json"),
        *("--header", f"Authorization: Bearer {ADMIN}"),
        *("--seed", "1", "--max-examples", "25", "--generation-database", "none"),
        *("--request-timeout", "10", "--suppress-health-check", "all", "--no-color"),
        *("--continue-on-failure", "--max-failures", "20"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=folder)
    (folder / "schemathesis.out").write_text(done.stdout + done.stderr)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    assert ledger.nobody.get("/healthz").status_code == 200
    assert "panicked" not in ledger.text()
    assert_clean(sqlite.url)
