"""Callers who are known by signed tokens: nothing that an app sends makes it another tenant."""

import hashlib
import time

import pytest

from conftest import ENVOYS
from support import paths
from support.credentials import KeyServer, Signer, encoded
from support.gateway import Gateway, render
from support.policy import APP_KEY
from support.policy import policy as usual
from support.whose import ask, refused, whose

ISSUER = "https://login.acme.example"
FORGED_PAYLOAD = encoded({"iss": ISSUER, "org": {"name": "victim"}, "sub": "root"})


@pytest.fixture(scope="module")
def signer():
    return Signer(paths.LOGS / "identity-jwt")


@pytest.fixture(scope="module", params=ENVOYS)
def running(request, sim, signer):
    """A gateway that takes keys and tokens, and its version of Envoy."""
    folder = paths.LOGS / f"identity-jwt-{request.param}"
    folder.mkdir(parents=True, exist_ok=True)
    jwks = folder / "jwks.json"
    jwks.write_text(signer.jwks)
    rules = policy(sim, {"file": str(jwks.resolve())})
    gateway = Gateway(ENVOYS[request.param], render(rules, folder), 1, folder)
    yield gateway
    gateway.stop()


def policy(sim, jwks: dict, **jwt) -> dict:
    rules = usual(sim.openai, sim.anthropic, sim.google)
    tokens = {
        "issuer": ISSUER,
        "audiences": ["tradewind"],
        "jwks": jwks,
        "tenant_claim": "org.name",
        "user_claim": "sub",
        "labels": {"team": "org.team"},
        **jwt,
    }
    rules["identity"].append({"jwt": tokens})
    rules["classes"] = [
        {"name": "search", "when": {"label": {"team": "search"}}},
        {"name": "other"},
    ]
    rules["routes"][0] = {"models": ["auto"], "chain": {"search": "haiku"}, "default": "all"}
    return rules


def bearer(token: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {token}")]


def test_a_token_says_whose_it_is(running, signer):
    token = signer.token(ISSUER, org={"name": "acme-two", "team": "search"}, sub="auth0|42")
    answer = ask(running.url, bearer(token))
    assert whose(running, answer) == ("acme-two", "auth0|42")
    without = signer.token(ISSUER, org={"name": "acme-two"})
    assert whose(running, ask(running.url, bearer(without))) == ("acme-two", None)


def test_a_label_of_a_token_decides(running, signer):
    for team, model in [("search", "haiku"), ("other", "claude")]:
        token = signer.token(ISSUER, org={"name": "acme-two", "team": team})
        answer = running.http.post(
            "/v1/chat/completions",
            json={"model": "auto", "messages": [{"role": "user", "content": "hello"}]},
            headers=dict(bearer(token)),
        )
        assert answer.headers["x-tradewind-model"] == model, team


def test_a_key_in_the_same_header_is_a_key(running):
    assert whose(running, ask(running.url, bearer(APP_KEY))) == ("acme", None)
    refused(ask(running.url, bearer("sk-unknown")), 401, "API key is not known")
    refused(ask(running.url), 401, "no API key", "`authorization: Bearer TOKEN`")


def test_the_first_of_the_policy_counts(running, signer):
    token = signer.token(ISSUER, org={"name": "other"})
    both = [*bearer(token), ("x-api-key", APP_KEY)]
    assert whose(running, ask(running.url, both)) == ("acme", None)


BAD = {
    "expired": (lambda s, o: s.token(ISSUER, exp=int(time.time()) - 3600), "expired"),
    "not yet": (lambda s, o: s.token(ISSUER, nbf=int(time.time()) + 3600), "not yet valid"),
    "for ever": (lambda s, o: s.token(ISSUER, exp=None), ""),
    "another issuer": (lambda s, o: s.token("https://evil.example"), "issuer"),
    "another audience": (lambda s, o: s.token(ISSUER, aud="other"), "udience"),
    "another key": (lambda s, o: o.token(ISSUER, {"kid": "one"}), "verification"),
    "unknown key": (lambda s, o: o.token(ISSUER), ""),
    "alg none": (
        lambda s, o: f"{encoded({'alg': 'none'})}.{encoded(claims())}.",
        "",
    ),
    "alg none, signed": (lambda s, o: s.token(ISSUER, {"alg": "none"}), ""),
    "alg of a shared secret": (lambda s, o: s.token(ISSUER, {"alg": "HS256"}), ""),
    "no signature": (lambda s, o: s.token(ISSUER).rsplit(".", 1)[0] + ".", ""),
    "changed": (lambda s, o: changed(s.token(ISSUER)), "verification"),
}


def claims() -> dict:
    return {
        "iss": ISSUER,
        "aud": "tradewind",
        "exp": int(time.time()) + 3600,
        "org": {"name": "victim"},
    }


def changed(token: str) -> str:
    head, _, signature = token.split(".")
    return f"{head}.{encoded(claims())}.{signature}"


@pytest.mark.parametrize("bad", BAD)
def test_a_token_that_is_not_good_is_refused_with_the_reason(running, signer, tmp_path, bad):
    make, word = BAD[bad]
    token = make(signer, Signer(tmp_path, "two"))
    refused(ask(running.url, bearer(token)), 401, "the token is not good", word)
    # What else makes the caller known still does.
    both = [*bearer(token), ("x-api-key", APP_KEY)]
    assert whose(running, ask(running.url, both)) == ("acme", None)


NAMES = {
    "missing": {},
    "empty": {"org": {"name": ""}},
    "a number": {"org": {"name": 42}},
    "a list": {"org": {"name": ["victim"]}},
    "an object": {"org": {"name": {"name": "victim"}}},
    "true": {"org": {"name": True}},
    "too long": {"org": {"name": "v" * 65}},
    "another's, cut": {"org": {"name": "victim\0x"}},
    "with a space": {"org": {"name": "victim "}},
    "with a line": {"org": {"name": "victim\nx"}},
    "not ASCII": {"org": {"name": "víctim"}},
    "with dots": {"org": {"name": "a..b"}},
    "dotted": {"org.name": "victim"},
    "a text for the object": {"org": "victim"},
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_none_is_refused_and_never_cut(running, signer, name):
    answer = ask(running.url, bearer(signer.token(ISSUER, **NAMES[name])))
    refused(answer, 403, "claim `org.name`")


def test_headers_say_nothing(running, signer):
    """Whatever headers a filter could have written, on every path."""
    forged = [
        ("x-jwt-payload", FORGED_PAYLOAD),
        ("x-jwt-claim-org", "victim"),
        ("x-tenant", "victim"),
        ("x-tradewind-tenant", "victim"),
        ("x_jwt_payload", FORGED_PAYLOAD),
        ("X-JWT-Payload", FORGED_PAYLOAD),
        ("sec-istio-auth-userinfo", FORGED_PAYLOAD),
        ("x-user", "root"),
        ("x-forwarded-client-cert", "URI=spiffe://cluster.local/ns/victim/sa/root"),
    ]
    chat = "/v1/chat/completions"
    for path in [chat, f"{chat}/", f"/{chat}", f"/x/..{chat}", f"{chat}?a=b", f"{chat};x=y"]:
        answer = ask(running.url, forged, path=path)
        assert answer.status_code in (401, 404), (path, answer.text)
        token = signer.token(ISSUER, org={"name": "own"})
        answer = ask(running.url, [*forged, *bearer(token)], path=path)
        if answer.status_code != 404:
            assert whose(running, answer) == ("own", None), path


def test_a_token_counts_in_its_own_place_alone(running, signer):
    token = signer.token(ISSUER, org={"name": "victim"})
    chat = "/v1/chat/completions"
    for path, headers in [
        (f"{chat}?access_token={token}", []),
        (f"{chat}?token={token}", []),
        (chat, [("x-api-key", token)]),
        (chat, [("x-jwt-assertion", token)]),
        (chat, [("cookie", f"authorization={token}")]),
        (chat, [("authorization", token)]),
        (chat, [("authorization", f"Basic {token}")]),
        (chat, [("proxy-authorization", f"Bearer {token}")]),
    ]:
        answer = ask(running.url, headers, path=path)
        assert answer.status_code == 401, (path, headers, answer.text)


def test_two_tokens_are_none(running, signer):
    own = signer.token(ISSUER, org={"name": "own"})
    other = changed(own)
    for pair in [(own, other), (other, own)]:
        headers = [item for token in pair for item in bearer(token)]
        answer = ask(running.url, headers)
        if answer.status_code == 200:
            assert whose(running, answer) == ("own", None)
        else:
            refused(answer, 401)
    # Beside a key: what the first header holds is what both filters may read.
    for headers in [[*bearer(APP_KEY), *bearer(own)], [*bearer(own), *bearer(APP_KEY)]]:
        answer = ask(running.url, headers)
        assert answer.status_code == 401 or whose(running, answer)[0] in ("acme", "own")


def test_no_provider_sees_a_token(running, sim, signer):
    token = signer.token(ISSUER, org={"name": "own"}, sub="somebody")
    assert ask(running.url, bearer(token)).status_code == 200
    [seen] = sim.requests()
    everything = repr((seen.headers, seen.path, seen.body))
    assert token not in everything and "somebody" not in everything


@pytest.mark.parametrize("version", ENVOYS)
def test_an_anonymous_tenant_is_not_for_bad_tokens(launch, sim, signer, tmp_path, version):
    jwks = tmp_path / "jwks.json"
    jwks.write_text(signer.jwks)
    rules = policy(sim, {"file": str(jwks)}, tenants=["acme", "own"])
    rules["identity"].append({"anonymous": {"tenant": "public"}})
    gateway = launch(render(rules, tmp_path), version)
    assert whose(gateway, ask(gateway.url)) == ("public", None)
    assert whose(gateway, ask(gateway.url, bearer("sk-unknown"))) == ("public", None)
    expired = signer.token(ISSUER, org={"name": "own"}, exp=1)
    refused(ask(gateway.url, bearer(expired)), 401, "the token is not good", "expired")
    good = signer.token(ISSUER, org={"name": "own"})
    assert whose(gateway, ask(gateway.url, bearer(good))) == ("own", None)
    other = signer.token(ISSUER, org={"name": "another"})
    refused(ask(gateway.url, bearer(other)), 403, "`another`", "not served here")


@pytest.mark.parametrize("version", ENVOYS)
def test_keys_come_from_a_server_and_issuers_may_be_several(launch, sim, tmp_path, version):
    one, two = Signer(tmp_path, "one"), Signer(tmp_path, "two")
    first, second = KeyServer(one.jwks), KeyServer(two.jwks)
    rules = policy(sim, {"uri": first.url})
    rules["identity"].append(
        {
            "jwt": {
                "issuer": "https://other.example",
                "audiences": ["tradewind"],
                "jwks": {"uri": second.url},
                "tenant": "partner",
                "header": "x-partner-token",
                "models": ["gpt"],
                "user_header": "x-user",
            }
        }
    )
    bootstrap = render(rules, tmp_path)
    for provider in verifier(bootstrap)["providers"].values():
        provider["remote_jwks"]["cache_duration"] = "1s"
    gateway = launch(bootstrap, version)
    gateway.envoy.wait_for("both key sets", lambda: first.asked and second.asked)
    own = one.token(ISSUER, org={"name": "own"})
    gateway.envoy.wait_for("keys", lambda: ask(gateway.url, bearer(own)).status_code == 200)
    partner = two.token("https://other.example", org={"name": "victim"})
    known = [("x-partner-token", partner), ("x-user", "carol")]
    assert whose(gateway, ask(gateway.url, known)) == ("partner", "carol")
    # A user's name from a caller who is not trusted to say it.
    assert whose(gateway, ask(gateway.url, [*bearer(own), ("x-user", "root")])) == ("own", None)
    # One issuer's keys are no other's.
    forged = two.token(ISSUER, org={"name": "victim"})
    refused(ask(gateway.url, bearer(forged)), 401, "the token is not good")
    refused(ask(gateway.url, bearer(partner)), 401)
    # Away, the keys that are known stay good, long after they were to be asked for again.
    first.away = second.away = True
    asked = first.asked
    gateway.envoy.wait_for("more tries", lambda: first.asked > asked + 2)
    assert whose(gateway, ask(gateway.url, bearer(own))) == ("own", None)
    listed = gateway.http.get("/v1/models", headers={"authorization": "", **dict(known)})
    assert [model["id"] for model in listed.json()["data"]] == ["gpt"]
    body = {"model": "claude", "messages": [{"role": "user", "content": "hello"}]}
    answer = gateway.http.post(
        "/v1/chat/completions", json=body, headers={"authorization": "", **dict(known)}
    )
    refused(answer, 403, "`claude` is not for this caller: it may use `gpt`")
    first.stop()
    second.stop()


def test_a_digest_of_a_key_is_no_key(running):
    digest = hashlib.sha256(APP_KEY.encode()).hexdigest()
    refused(ask(running.url, bearer(digest)), 401, "API key is not known")


def verifier(bootstrap: dict) -> dict:
    """What verifies tokens."""
    manager = bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]
    [found, *_] = manager["typed_config"]["http_filters"]
    assert found["name"] == "tradewind-jwt"
    return found["typed_config"]


def test_the_usual_policy_has_no_verifier(rules, tmp_path):
    listener = render(rules, tmp_path)["static_resources"]["listeners"][0]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    assert [own["name"] for own in manager["http_filters"]] == [
        "tradewind-edge",
        "envoy.filters.http.router",
    ]
    assert "forward_client_cert_details" not in manager
