"""The operator's page, as a browser shows it."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from support import paths

from stage.ledger import ADMIN, FOLDER
from stage.load import Load

SCRIPT = Path(__file__).parent / "browse.mjs"
# A name may be any visible ASCII: this is one, and what it would do must not happen.
HOSTILE = "<img/src=x/onerror=alert(1)>\"'&amp;<script>alert(2)</script>"


@pytest.fixture(scope="module")
def visits():
    """Where the pictures of the last run are."""
    folder = FOLDER / "page"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def browse(token: str, visits: list[dict]) -> list[dict]:
    """What Chromium sees."""
    browser = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as profile:
        asked = json.dumps({"token": token, "visits": visits})
        command = ["node", SCRIPT, paths.NODE_MODULES, browser, profile, asked]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def busy(ledger):
    """A service with something to show."""
    for name, bought in (("acme", "1000"), ("globex", "250.5"), (HOSTILE, "40"), ("new", "0.000001")):
        path = "/v1/tenants/{}/purchases".format("".join(f"%{ord(c):02x}" for c in name))
        answer = ledger.admin.post(path, json={"credits": bought}, headers={"idempotency-key": name})
        assert answer.status_code == 201, answer.text
    ledger.configure("acme", alerts=["50%", "100"], budgets=[{"per": "day", "credits": "900"}])
    for number in range(12):
        for tenant, cost, model in (("acme", "60", "claude-sonnet"), ("acme", "1.25", "gpt-luna"),
                                    ("globex", "20.875", "<b>bold</b>"), (HOSTILE, "1", "gpt-luna")):
            name = f"{tenant}-{number}-{model}"
            assert ledger.hold(name, tenant, cost, user="ann", key="ci").status_code == 201
            assert ledger.settle(name, cost, tenant, model, outcome="answered") == "settled"
    assert ledger.hold("open", "acme", "12.5").status_code == 201
    return ledger


def sound(seen: dict, url: str) -> None:
    """No error, no other host, nothing executed."""
    assert seen["status"] == 200
    assert seen["troubles"] == []
    assert all(request.startswith(url + "/") for request in seen["requests"]), seen["requests"]
    assert seen["dialogs"] == 0
    assert seen["title"] and seen["headings"], seen
    assert "default-src 'none'" in seen["headers"]["content-security-policy"]
    assert seen["headers"]["cache-control"] == "no-store"


def row(seen: dict, first: str) -> list[str]:
    """The table row that begins so."""
    rows = [row for table in seen["tables"] for row in table if row and row[0] == first]
    assert rows, seen["tables"]
    return rows[0]


def test_what_an_operator_sees(busy, visits, store):
    pages = [
        {"url": f"{busy.url}/", "screenshot": str(visits / f"{store.name}-tenants.png")},
        {"url": f"{busy.url}/tenants/acme", "screenshot": str(visits / f"{store.name}-acme.png")},
    ]
    tenants, acme = browse(ADMIN, pages)
    sound(tenants, busy.url)
    sound(acme, busy.url)
    # 1000 less 12 x 61.25; 12.5 of it is held.
    line = row(tenants, "acme")
    # 735 in this week is 105 a day: more than two days are left.
    assert line[2:7] == ["265.00", "252.50", "12.50", "105.00", "2 days"], line
    assert f"{busy.url}/tenants/acme" in tenants["links"]
    for seen in (tenants, acme):
        chart = max(seen["charts"], key=lambda chart: chart["width"])
        assert chart["width"] > 500 and chart["marks"] >= 2 and chart["label"], chart
    said = acme["text"]
    for word in ("265.00", "252.50", "12.50", "50%", "claude-sonnet", "gpt-luna", "ann", "900.00"):
        assert word in said, (word, said)
    assert len([r for table in acme["tables"] for r in table if "\N{MINUS SIGN}60.00" in r]) >= 5


@pytest.mark.only("sqlite")
def test_hostile_names_are_only_names(busy, visits, store):
    path = "".join(f"%{ord(c):02x}" for c in HOSTILE)
    pages = [
        {"url": f"{busy.url}/", "screenshot": str(visits / f"{store.name}-hostile.png")},
        {"url": f"{busy.url}/tenants/{path}",
         "screenshot": str(visits / f"{store.name}-hostile-one.png")},
        {"url": f"{busy.url}/tenants/globex",
         "screenshot": str(visits / f"{store.name}-globex.png")},
    ]
    for seen, name in zip(browse(ADMIN, pages), (HOSTILE, HOSTILE, "<b>bold</b>"), strict=True):
        sound(seen, busy.url)
        assert seen["foreign"] == 0
        assert name in seen["text"], seen["text"]
    linked = [link for link in browse(ADMIN, pages[:1])[0]["links"] if "onerror" in link]
    [seen] = browse(ADMIN, [{**pages[1], "url": linked[0]}])
    assert HOSTILE in seen["text"]


@pytest.mark.only("sqlite")
def test_it_fits_a_telephone_and_the_dark(busy, visits, store):
    shots = [{"url": f"{busy.url}{path}", "width": width, "dark": dark,
              "screenshot": str(visits / f"{store.name}-{name}.png")}
             for path, width, dark, name in (("/", 390, False, "narrow"),
                                             ("/tenants/acme", 390, False, "narrow-acme"),
                                             ("/tenants/acme", 1280, True, "dark-acme"))]
    for shot, seen in zip(shots, browse(ADMIN, shots), strict=True):
        sound(seen, busy.url)
        assert seen["overflow"] <= 0, (seen["url"], seen["overflow"])
        # Today's bar is the one to see.
        chart = max(seen["charts"], key=lambda chart: chart["width"])
        assert 0 < chart["right"] <= shot["width"], chart


@pytest.mark.only("sqlite")
def test_an_empty_ledger_says_what_to_do(ledger, visits, store):
    [seen] = browse(ADMIN, [{"url": f"{ledger.url}/",
                             "screenshot": str(visits / f"{store.name}-empty.png")}])
    sound(seen, ledger.url)
    assert "purchases" in seen["text"] or "buy" in seen["text"].lower(), seen["text"]


@pytest.mark.only("sqlite")
def test_hundreds_of_tenants(ledger, visits, store):
    for number in range(450):
        ledger.buy(f"tenant{number:03}", f"first{number}", credits="10")
    with Load([ledger.port], "tenant000", callers=4) as load:
        load.wait(100)
        [seen] = browse(ADMIN, [{"url": f"{ledger.url}/",
                                 "screenshot": str(visits / f"{store.name}-many.png")}])
    sound(seen, ledger.url)
    assert len(max(seen["tables"], key=len)) > 50


@pytest.mark.only("sqlite")
def test_a_tenant_that_is_not_there(ledger):
    answer = ledger.admin.get("/tenants/nobody")
    assert answer.status_code == 404
