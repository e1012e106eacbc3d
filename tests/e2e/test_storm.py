"""Everything goes wrong at once, and whoever asks is answered."""

import os

from conftest import ENVOYS, NEWEST
from support.storm.storm import storm

# The long form is `make storm`.
SECONDS = float(os.environ.get("STORM_SECONDS") or 30)


def test_a_storm_is_carried_through():
    report = storm(ENVOYS[NEWEST], f"storm-{NEWEST}", SECONDS)
    print(report.figures)
    assert not report.wrong, "\n".join([*report.wrong, str(report.figures)])
    assert report.figures["answered"] > 500
