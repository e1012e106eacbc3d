"""The metrics are what was done, in the form that Prometheus reads."""

import re

from stage.load import Load, customer

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\})? (-?[0-9.e+-]+|\+Inf|NaN)')


def samples(text: str) -> dict[tuple[str, str], float]:
    """Every sample, after a look at the form: a family's lines stand together, each once."""
    found, families, family = {}, {}, None
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            family, kind = line.split()[2:]
            assert family not in families and kind in ("counter", "gauge", "histogram"), line
            families[family] = kind
        elif not line.startswith("# HELP "):
            name, labels, value = SAMPLE.fullmatch(line).groups()
            histogram = families[family] == "histogram"
            plain = re.sub("_(bucket|sum|count)$", "", name) if histogram else name
            assert plain == family and (name, labels) not in found, line
            found[name, labels or ""] = float(value)
    return found


def test_what_was_done_is_counted(ledger):
    customer(ledger, "acme")
    with Load([ledger.port], "acme") as load:
        load.wait(200)
    ledger.hold("much", "acme", "900000000")
    ledger.hold("any", "nobody\"\\s", "1")
    counted = samples(ledger.proxy.get("/metrics").text)

    def count(what: str, outcome: str) -> float:
        return counted.get((f"tradewind_ledger_{what}_total", f'outcome="{outcome}"'), 0)

    assert count("holds", "held") == len(load.held)
    assert count("holds", "insufficient") == 1 and count("holds", "unknown_tenant") == 1
    assert count("settlements", "settled") == len(load.settled)
    assert count("releases", "released") == len(load.released)
    assert count("purchases", "purchased") == len(load.bought) + 1
    labels = 'method="POST",path="/v1/holds",status="201"'
    assert counted["tradewind_ledger_http_requests_total", labels] == len(load.held)
    # No label is a caller's own word: their number has a bound.
    assert not any("nobody" in labels or "acme" in labels for _, labels in counted)
