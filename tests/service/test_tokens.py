"""Who may do what, and that nobody opens the administration by accident."""

import pytest

from stage.ledger import ADMIN, FOLDER, PROXY, Ledger, new_folder, problem, refused
from stage.stores import Sqlite

ASKS = {
    "hold": ("POST", "/v1/holds", {"hold_id": "h", "tenant": "acme", "credits": "1"}),
    "hold's state": ("GET", "/v1/tenants/acme/holds/h", None),
    "settlement": ("POST", "/v1/settlements", {"settlements": []}),
    "release": ("DELETE", "/v1/tenants/acme/holds/h", None),
    "tenant": ("GET", "/v1/tenants/acme", None),
    "tiers": ("GET", "/v1/tiers", None),
    "metrics": ("GET", "/metrics", None),
    "purchase": ("POST", "/v1/tenants/acme/purchases", {"credits": "1"}),
    "tenants": ("GET", "/v1/tenants", None),
    "settings": ("PUT", "/v1/tenants/acme", {"overdraft": "0"}),
    "entries": ("GET", "/v1/tenants/acme/entries", None),
    "tenant's alerts": ("GET", "/v1/tenants/acme/alerts", None),
    "alerts": ("GET", "/v1/alerts", None),
    "new tiers": ("PUT", "/v1/tiers", []),
    "page": ("GET", "/", None),
    "tenant's page": ("GET", "/tenants/acme", None),
}
OF_PROXIES = list(ASKS)[:7]


@pytest.fixture(scope="module")
def ledger():
    """Who may do what is the same on any database; one serves all."""
    store = Sqlite(new_folder("tokens"))
    running = Ledger(store.url, FOLDER / "tokens")
    running.buy("acme", "one", credits="10")
    running.hold("h", "acme", "1")
    yield running
    running.stop()


def ask(client, what: str):
    method, path, body = ASKS[what]
    more = {"headers": {"idempotency-key": "k"}} if what == "purchase" else {}
    return client.request(method, path, json=body, **more)


@pytest.mark.parametrize("what", ASKS)
def test_scopes(ledger, what):
    for client in (ledger.nobody, ledger.client("wrong")):
        answer = ask(client, what)
        refusal(answer, 401, "unauthorized", what)
        # A browser asks its user.
        scheme = "Basic" if "page" in what else "Bearer"
        assert answer.headers["www-authenticate"].startswith(scheme), answer.headers
    if what in OF_PROXIES:
        assert ask(ledger.proxy, what).is_success, ask(ledger.proxy, what).text
    else:
        refusal(ask(ledger.proxy, what), 403, "forbidden", what)
    assert ask(ledger.admin, what).is_success, ask(ledger.admin, what).text


def refusal(answer, status: int, code: str, what: str) -> None:
    """A problem to programs, a page to people."""
    if "page" not in what:
        problem(answer, status, code)
        return
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html"), answer.headers


@pytest.mark.parametrize("path", ["/openapi.json", "/healthz"])
def test_what_is_open_to_all(ledger, path):
    assert ledger.nobody.get(path).status_code == 200


def test_a_browser_sends_the_token_as_a_password_and_only_pages_take_it(ledger):
    for user, password, status in (("any", ADMIN, 200), ("any", PROXY, 403), ("any", "no", 401)):
        assert ledger.nobody.get("/", auth=(user, password)).status_code == status
    problem(ledger.nobody.get("/v1/tenants", auth=("any", ADMIN)), 401, "unauthorized")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_what_another_site_makes_a_browser_send_is_refused(ledger, kind):
    headers = {"content-type": kind} if kind else {}
    body = b'{"hold_id": "h", "tenant": "acme", "credits": "1"}'
    answer = ledger.proxy.post("/v1/holds", content=body, headers=headers)
    problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "198.51.100.7:0"])
def test_without_tokens_it_listens_to_this_machine_alone(sqlite, listen):
    done = refused(sqlite.url, listen=listen)
    assert done.returncode == 2, done
    assert "--admin-token-file" in done.stderr, done.stderr
    assert not sqlite.path.exists(), "it refuses before it touches anything"


def test_a_proxys_token_alone_does_not_open_the_administration(sqlite, launch):
    ledger = launch(sqlite.url, listen="0.0.0.0:0", env={"TRADEWIND_LEDGER_ADMIN_TOKEN": ""})
    assert ledger.proxy.get("/v1/tiers").status_code == 200
    problem(ledger.proxy.get("/v1/tenants"), 403, "forbidden")
    problem(ledger.admin.get("/v1/tenants"), 401, "unauthorized")
    problem(ledger.nobody.get("/v1/tenants"), 401, "unauthorized")


def test_without_tokens_on_this_machine_it_warns_and_serves(sqlite, folder, launch):
    ledger = launch(sqlite.url, env={name: "" for name in ("TRADEWIND_LEDGER_ADMIN_TOKEN",
                                                           "TRADEWIND_LEDGER_PROXY_TOKEN")})
    assert ledger.nobody.get("/v1/tenants").status_code == 200
    assert "token" in ledger.text()


def test_tokens_from_files_and_several_at_once(sqlite, folder, launch):
    admin, proxy = folder / "admin", folder / "proxy"
    admin.write_text("new-admin\nold-admin\n")
    proxy.write_text("new-proxy\n\nold-proxy")
    none = {"TRADEWIND_LEDGER_ADMIN_TOKEN": "", "TRADEWIND_LEDGER_PROXY_TOKEN": ""}
    ledger = launch(sqlite.url, "--admin-token-file", admin, "--proxy-token-file", proxy, env=none)
    for token in ("new-admin", "old-admin"):
        assert ledger.client(token).get("/v1/tenants").status_code == 200
    for token in ("new-proxy", "old-proxy"):
        assert ledger.client(token).get("/v1/tiers").status_code == 200
    problem(ledger.client("").get("/v1/tiers"), 401, "unauthorized")
    logged = ledger.text() + ledger.out.read_text()
    assert not any(token in logged for token in ("admin-", "-admin", "-proxy")), logged


def test_a_file_without_a_token_is_refused(sqlite, folder):
    (folder / "empty").write_text("\n  \n")
    for path in (folder / "empty", folder / "missing"):
        done = refused(sqlite.url, "--admin-token-file", path)
        assert done.returncode == 2 and path.name in done.stderr, done


def test_tokens_let_it_listen_anywhere(sqlite, launch):
    running: Ledger = launch(sqlite.url, listen="0.0.0.0:0")
    assert running.nobody.get("/healthz").status_code == 200
