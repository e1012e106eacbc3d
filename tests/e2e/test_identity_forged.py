"""Whatever an app sends, it is known by its own credentials or by none."""

import hashlib
import json
import socket

import h2.connection
import h2.events
import pytest

from conftest import ENVOYS
from support import paths
from support.credentials import Signer, encoded
from support.gateway import CHAT, Gateway, render
from support.policy import policy as usual
from support.whose import BODY, ask, refused, whose

ISSUER = "https://login.acme.example"
OWN, OTHER, OLD, CROWD, VICTIM = (
    "key-of-own", "key-of-other", "key-of-old", "key-of-crowd", "key-of-victim",
)
DIGEST = hashlib.sha256(VICTIM.encode()).hexdigest()
SPIFFE = "spiffe://cluster.local/ns/victim/sa/root"
PAYLOAD = encoded({"iss": ISSUER, "org": "victim", "sub": "root", "exp": 9_999_999_999})


@pytest.fixture(scope="module")
def signer():
    return Signer(paths.LOGS / "identity-forged")


@pytest.fixture(scope="module", params=ENVOYS)
def running(request, sim, signer):
    """A gateway that knows callers in every way that can be had without TLS."""
    folder = paths.LOGS / f"identity-forged-{request.param}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "jwks.json").write_text(signer.jwks)

    def key(name: str, tenant: str, **more) -> dict:
        return {"sha256": hashlib.sha256(name.encode()).hexdigest(), "tenant": tenant, **more}

    keys = [
        key(OWN, "own"), key(OTHER, "other"), key(VICTIM, "victim"),
        key(OLD, "old", expires="2020-01-01"), key(CROWD, "crowd", user_header="x-user"),
    ]
    rules = usual(sim.openai, sim.anthropic, sim.google)
    rules["identity"] = [
        {"api_key": {"keys": keys}},
        {"api_key": {"keys": [key("key-of-team", "team")], "header": "x-team-key"}},
        {"jwt": {
            "issuer": ISSUER, "audiences": ["tradewind"], "tenant_claim": "org",
            "user_claim": "sub", "jwks": {"file": str((folder / "jwks.json").resolve())},
        }},
        {"spiffe": {"pattern": "spiffe://cluster.local/ns/{tenant}/sa/{user}"}},
        {"workload": {}},
    ]
    gateway = Gateway(ENVOYS[request.param], render(rules, folder), 1, folder)
    yield gateway
    gateway.stop()


def bearer(key: str) -> tuple[str, str]:
    return ("authorization", f"Bearer {key}")


# What headers say that nobody is to believe.
CLAIMS = [
    ("x-forwarded-client-cert", f"URI={SPIFFE}"),
    ("x-forwarded-client-cert", f'By=x;Hash=00;Subject="";URI={SPIFFE}'),
    ("X-Forwarded-Client-Cert", f"URI={SPIFFE}"),
    ("x-tradewind-tenant", "victim"),
    ("x-tradewind-user", "root"),
    ("x-tradewind-shadow", "any"),
    ("x-tradewind-shadow-of", "any"),
    ("x-tradewind-plan", "{}"),
    ("x-tenant", "victim"),
    ("x-user", "root"),
    ("x-end-user", "root"),
    ("x-jwt-payload", PAYLOAD),
    ("x-jwt-claim-org", "victim"),
    ("sec-istio-auth-userinfo", PAYLOAD),
    ("x-endpoint-api-userinfo", PAYLOAD),
    ("x-envoy-peer-metadata", "CgV2aWN0aW0="),
    ("x-envoy-peer-metadata-id", "sidecar~1.1.1.1~victim~victim"),
    ("x-envoy-internal", "true"),
    ("x-envoy-external-address", "127.0.0.1"),
    ("x-forwarded-for", "127.0.0.1"),
    ("x-real-ip", "127.0.0.1"),
    ("wasm.tw.next", "claude"),
    ("tw.plan", "{}"),
    ("tw.limit.tenant", "victim"),
    ("cookie", f"authorization=Bearer {VICTIM}"),
    ("proxy-authorization", f"Bearer {VICTIM}"),
    ("x_team_key", "key-of-team"),
    ("api-key", VICTIM),
    ("openai-organization", "victim"),
    ("authorization", f"Bearer {DIGEST}"),
    ("authorization", f"Basic {VICTIM}"),
    ("authorization", VICTIM),
    ("authorization", f"Bearer {VICTIM}, Bearer {VICTIM}"),
    ("authorization", f"Bearer {VICTIM}\tx"),
    ("authorization", f"Bearer Bearer {VICTIM}"),
    ("x-api-key", f"Bearer {VICTIM}"),
    ("x-api-key", f"{VICTIM},{VICTIM}"),
    ("x-api-key", VICTIM.upper()),
    ("x-team-key", VICTIM),
    ("connection", "x-api-key"),
    ("connection", "x-forwarded-client-cert, keep-alive"),
]


@pytest.mark.parametrize("at", range(len(CLAIMS)))
def test_a_header_says_nothing_of_its_sender(running, sim, at):
    claim = CLAIMS[at]
    refused(ask(running.url, [claim]), 401)
    assert sim.requests() == []
    if claim[0].lower() == "authorization":
        answer = ask(running.url, [claim, ("x-api-key", OWN)])
    else:
        answer = ask(running.url, [claim, bearer(OWN)])
    # Whoever is known by a key of its own is known by that.
    assert whose(running, answer) == ("own", None)
    [seen] = sim.requests()
    everything = repr((seen.headers, seen.path, seen.body))
    assert VICTIM not in everything and OWN not in everything and "victim" not in everything


def test_all_of_it_at_once(running):
    claims = [claim for claim in CLAIMS if claim[0].lower() not in ("authorization", "connection")]
    unique = list(dict(claims).items())
    refused(ask(running.url, unique), 401)
    assert whose(running, ask(running.url, [*unique, bearer(OWN)])) == ("own", None)


@pytest.mark.parametrize("name", ["key", "api_key", "api-key", "access_token", "token", "x-api-key"])
def test_a_key_in_the_query_is_none_and_is_not_logged(running, sim, name):
    for path in [f"{CHAT}?{name}={VICTIM}", f"{CHAT}?{name}=x&{name}={VICTIM}#{VICTIM}"]:
        refused(ask(running.url, path=path), 401)
        assert whose(running, ask(running.url, [bearer(OWN)], path=path)) == ("own", None)
    assert VICTIM not in running.envoy.output.read_text()
    assert VICTIM not in repr([(seen.headers, seen.path, seen.body) for seen in sim.requests()])


def test_of_several_keys_one_counts_and_always_the_same(running):
    """Both are the caller's: which of them pays depends on nothing but their places."""
    for headers, tenant in [
        ([bearer(OWN), ("x-api-key", OTHER)], "own"),
        ([("x-api-key", OTHER), bearer(OWN)], "own"),
        ([bearer("unknown"), ("x-api-key", OTHER)], "other"),
        ([bearer(OWN), ("x-team-key", "key-of-team")], "own"),
        ([bearer("unknown"), ("x-team-key", "key-of-team")], "team"),
    ]:
        assert whose(running, ask(running.url, headers)) == (tenant, None), headers
    # Envoy makes one header of two, which is no key.
    for twice in [[bearer(OWN), bearer(OTHER)], [bearer(OWN), bearer(OWN)]]:
        refused(ask(running.url, twice), 401, "not known here")


def test_a_key_that_has_expired_is_not_made_up_for(running):
    for headers in [[bearer(OLD)], [bearer(OLD), ("x-api-key", OWN)]]:
        refused(ask(running.url, headers), 401, "expired")


def test_a_user_is_named_by_whoever_may_and_once(running):
    assert whose(running, ask(running.url, [bearer(CROWD), ("x-user", "carol")]))[1] == "carol"
    for headers in [[("x-user", "carol"), ("x-user", "root")], [("x-user", "carol"), ("X-User", "a")]]:
        refused(ask(running.url, [bearer(CROWD), *headers]), 400, "x-user")
    assert whose(running, ask(running.url, [bearer(OWN), ("x-user", "root")])) == ("own", None)
    # Of two keys the one that counts is the one that is believed.
    both = [bearer(OWN), ("x-api-key", CROWD), ("x-user", "root")]
    assert whose(running, ask(running.url, both)) == ("own", None)


def test_a_token_beside_a_key_is_the_callers_own(running, signer):
    token = signer.token(ISSUER, org="tokens", sub="carol")
    assert whose(running, ask(running.url, [bearer(token)])) == ("tokens", "carol")
    assert whose(running, ask(running.url, [bearer(token), ("x-api-key", OWN)])) == ("own", None)
    head, _, signature = token.split(".")
    forged = f"{head}.{PAYLOAD}.{signature}"
    refused(ask(running.url, [bearer(forged)]), 401, "the token is not good")
    # Two of them: never the one that nobody has signed.
    for pair in [[bearer(token), bearer(forged)], [bearer(forged), bearer(token)]]:
        answer = ask(running.url, pair)
        assert answer.status_code == 401 or whose(running, answer) == ("tokens", "carol")


def raw(gateway: Gateway, *lines: str) -> bytes:
    """The answer to a request of these lines, written as they are."""
    body = json.dumps(BODY)
    head = [f"POST {CHAT} HTTP/1.1", "Host: gateway", *lines, "Content-Type: application/json"]
    head += ["Connection: close", f"Content-Length: {len(body)}", "", body]
    host, port = gateway.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 20) as connection:
        connection.sendall("\r\n".join(head).encode("latin-1"))
        answer = b""
        try:
            while data := connection.recv(1 << 16):
                answer += data
        except ConnectionError:
            pass
    return answer


BENT = [
    f"Authorization : Bearer {VICTIM}",
    f" Authorization: Bearer {VICTIM}",
    f"X-Any: a\r\n Authorization: Bearer {VICTIM}",
    f"X-Any: a\nAuthorization: Bearer {VICTIM}",
    f"X-Any: a\rAuthorization: Bearer {VICTIM}",
    f"Authori\0zation: Bearer {VICTIM}",
    f"Authorization: Bearer {VICTIM}\0",
    f"Authorization\t: Bearer {VICTIM}",
    f"Authorization_: Bearer {VICTIM}",
]


@pytest.mark.parametrize("at", range(len(BENT)))
def test_bytes_that_are_read_in_two_ways_make_nobody_else(running, at):
    """As whom a request is served is whom its key says, or it is not served."""
    for others in [[], [f"x-api-key: {OWN}"]]:
        answer = raw(running, *others, BENT[at])
        if b"200 OK" not in answer.split(b"\r\n", 1)[0]:
            continue
        head = answer.split(b"\r\n\r\n", 1)[0].decode().lower()
        request_id = head.split("x-tradewind-request-id: ")[1].split("\r\n")[0]

        def line():
            lines = running.envoy.access_log()
            return next((own for own in lines if own.get("request_id") == request_id), None)

        found = running.envoy.wait_for("the line", line)["tenant"]
        # A line of its own is a header of its own, and the key in it was sent.
        assert found == "own" or "\n" in BENT[at] or "\r" in BENT[at], (BENT[at], found)


def test_names_in_upper_case_are_no_headers_of_http2(running):
    host, port = running.url.removeprefix("http://").split(":")
    config = h2.connection.H2Configuration(
        validate_outbound_headers=False, normalize_outbound_headers=False
    )
    http = h2.connection.H2Connection(config)
    http.initiate_connection()
    headers = [(":method", "POST"), (":path", CHAT), (":scheme", "http"), (":authority", "g")]
    http.send_headers(1, [*headers, ("Authorization", f"Bearer {VICTIM}")])
    http.send_data(1, json.dumps(BODY).encode(), end_stream=True)
    status = None
    with socket.create_connection((host, int(port)), 20) as connection:
        connection.sendall(http.data_to_send())
        while status is None and (data := connection.recv(1 << 16)):
            for event in http.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    status = dict(event.headers)[b":status"]
                if isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)):
                    status = b"reset"
    assert status in (None, b"reset", b"400", b"401"), status
