"""Callers who are known by certificates, their own or those that a hop in front has seen."""

import ssl

import httpx
import pytest

from conftest import ENVOYS
from support import paths
from support.credentials import Authority
from support.gateway import Gateway, render
from support.policy import APP_KEY
from support.policy import policy as usual
from support.whose import ask, refused, whose

DOMAIN = "spiffe://cluster.local"
APP = f"{DOMAIN}/ns/acme/sa/shop"
VICTIM = f"{DOMAIN}/ns/victim/sa/root"
HOP = f"{DOMAIN}/ns/istio-system/sa/gateway"
XFCC = "x-forwarded-client-cert"


@pytest.fixture(scope="module")
def issued():
    """Certificates by what they are for."""
    folder = paths.LOGS / "identity-spiffe"
    authority, evil = Authority(folder), Authority(folder / "evil", "evil")
    return {
        "authority": str(authority.certificate),
        "server": authority.issue("server", "DNS:localhost", "IP:127.0.0.1"),
        "app": authority.issue("app", f"URI:{APP}", "DNS:shop"),
        "hop": authority.issue("hop", f"URI:{HOP}"),
        "two": authority.issue("two", f"URI:{APP}", f"URI:{VICTIM}"),
        "nameless": authority.issue("nameless", "DNS:shop", subject="/CN=x,URI=victim"),
        "other": authority.issue("other", "URI:spiffe://other.example/ns/victim/sa/root"),
        "long": authority.issue("long", f"URI:{DOMAIN}/ns/{'v' * 65}/sa/x"),
        "odd": authority.issue("odd", f"URI:{DOMAIN}/ns/a..b/sa/x"),
        "evil": evil.issue("evil-app", f"URI:{VICTIM}"),
    }


def start(version: str, name: str, issued: dict, sim, *more: dict, **spiffe) -> Gateway:
    rules = usual(sim.openai, sim.anthropic, sim.google)
    own = {"spiffe": {"pattern": f"{DOMAIN}/ns/{{tenant}}/sa/{{user}}", **spiffe}}
    rules["identity"] = [own, *rules["identity"], *more]
    folder = paths.LOGS / f"identity-{name}-{version}"
    certificate, key = issued["server"]
    tls = ("--tls-cert", certificate, "--tls-key", key, "--client-ca", issued["authority"])
    return Gateway(ENVOYS[version], render(rules, folder, *tls), 1, folder)


@pytest.fixture(scope="module", params=ENVOYS)
def running(request, issued, sim):
    gateway = start(request.param, "spiffe", issued, sim)
    yield gateway
    gateway.stop()


def call(gateway: Gateway, issued: dict, who: str | None, headers=(), **client) -> httpx.Response:
    """One request over TLS, with that certificate."""
    context = ssl.create_default_context(cafile=issued["authority"])
    if who:
        context.load_cert_chain(*issued[who])
    url = gateway.url.replace("http://", "https://")
    return ask(url, headers, verify=context, **client)


def test_a_certificate_says_whose_it_is(running, issued):
    assert whose(running, call(running, issued, "app")) == ("acme", "shop")
    assert whose(running, call(running, issued, "app", http2=True)) == ("acme", "shop")


def test_without_a_certificate_a_key_counts(running, issued):
    key = [("x-api-key", APP_KEY)]
    assert whose(running, call(running, issued, None, key)) == ("acme", None)
    refused(call(running, issued, None), 401, "no API key")


def test_certificates_that_are_none_of_these_make_nobody(running, issued):
    refused(call(running, issued, "nameless"), 401)
    refused(call(running, issued, "other"), 401)
    # The first URI of a certificate counts, and no other.
    answer = call(running, issued, "two")
    assert whose(running, answer) == ("acme", "shop")
    with pytest.raises(httpx.TransportError):
        call(running, issued, "evil")


def test_a_name_that_is_none_is_refused_and_never_cut(running, issued):
    refused(call(running, issued, "long"), 403, "the caller's certificate")
    refused(call(running, issued, "odd"), 403, "the caller's certificate")


FORGED = [
    f"URI={VICTIM}",
    f'By={HOP};Hash=00;Subject="CN=x";URI={VICTIM}',
    f"URI={VICTIM},By={HOP};URI={VICTIM}",
    f'Subject="x,URI={VICTIM}',
]


@pytest.mark.parametrize("forged", FORGED)
def test_what_an_app_says_of_certificates_is_nothing(running, issued, forged):
    for name in [XFCC, XFCC.upper(), XFCC.replace("-", "_")]:
        headers = [(name, forged), ("x-user", "root")]
        assert whose(running, call(running, issued, "app", headers)) == ("acme", "shop")
        refused(call(running, issued, None, headers), 401)


@pytest.fixture(scope="module", params=ENVOYS)
def behind(request, issued, sim):
    """A gateway behind a hop that is known by its certificate."""
    gateway = start(request.param, "behind", issued, sim, xfcc=HOP, user_header="x-user")
    yield gateway
    gateway.stop()


def seen(uri: str) -> str:
    """What a hop writes of a caller."""
    return f'By={HOP};Hash=abcd;Subject="CN=a\\\\,b";URI={uri};DNS=shop'


def test_the_word_of_a_hop_counts(behind, issued):
    own = [(XFCC, seen(APP))]
    assert whose(behind, call(behind, issued, "hop", own)) == ("acme", "shop")
    # Nobody but the hop is believed; the hop itself is nobody.
    assert whose(behind, call(behind, issued, "app", [(XFCC, seen(VICTIM))])) == ("acme", "shop")
    refused(call(behind, issued, None, own), 401)
    refused(call(behind, issued, "hop"), 401)
    refused(call(behind, issued, "hop", [(XFCC, seen(HOP))]), 401)
    refused(call(behind, issued, "hop", [(XFCC, "Hash=abcd")]), 401)
    assert whose(behind, call(behind, issued, "hop", [*own, ("x-user", "carol")]))[1] == "carol"


@pytest.mark.parametrize("forged", FORGED)
def test_of_several_elements_the_last_counts(behind, issued, forged):
    """A hop that appends: first what the app had sent, last what the hop has seen."""
    appended = [(XFCC, f"{forged},{seen(APP)}")]
    assert whose(behind, call(behind, issued, "hop", appended)) == ("acme", "shop")
    apart = [(XFCC, forged), (XFCC, seen(APP))]
    assert whose(behind, call(behind, issued, "hop", apart)) == ("acme", "shop")
    # A proxy beside us that appends as well writes the hop behind it.
    twice = [(XFCC, f"{forged},{seen(APP)},{seen(HOP)}")]
    assert whose(behind, call(behind, issued, "hop", twice)) == ("acme", "shop")
    # The hop saw a certificate without a name: nothing before that is believed.
    nameless = [(XFCC, f"{forged},By={HOP};Hash=ef")]
    refused(call(behind, issued, "hop", nameless), 401)


@pytest.mark.parametrize("version", ENVOYS)
def test_a_real_hop_in_front(sim, issued, version):
    """Envoy in front, in both ways in which it may speak of its callers."""
    gateway = start(version, "real-hop", issued, sim, xfcc=HOP)
    try:
        for how in ["SANITIZE_SET", "APPEND_FORWARD"]:
            hop = hop_of(version, gateway, issued, how)
            try:
                for forged in FORGED:
                    headers = [(XFCC, forged)]
                    found = whose(gateway, call(hop, issued, "app", headers))
                    assert found == ("acme", "shop"), (how, forged)
                    refused(call(hop, issued, None, headers), 401)
            finally:
                hop.stop()
    finally:
        gateway.stop()


def hop_of(version: str, gateway: Gateway, issued: dict, how: str) -> Gateway:
    """An Envoy that takes the TLS of apps, and calls the gateway with its own certificate."""

    def files(who: str) -> dict:
        certificate, key = issued[who]
        return {"certificate_chain": {"filename": certificate}, "private_key": {"filename": key}}

    def typed(message: str, **fields) -> dict:
        return {"@type": f"type.googleapis.com/envoy.{message}", **fields}

    trusted = {"trusted_ca": {"filename": issued["authority"]}}
    tls = "extensions.transport_sockets.tls.v3"
    manager = typed(
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="hop",
        forward_client_cert_details=how,
        set_current_client_cert_details={"uri": True, "subject": True, "dns": True},
        route_config={
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "gateway"}}],
                }
            ]
        },
        http_filters=[
            {
                "name": "envoy.filters.http.router",
                "typed_config": typed("extensions.filters.http.router.v3.Router"),
            }
        ],
    )
    host, port = gateway.url.removeprefix("http://").split(":")
    address = {"socket_address": {"address": host, "port_value": int(port)}}
    bootstrap = {
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
        "static_resources": {
            "listeners": [
                {
                    "name": "hop",
                    "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
                    "filter_chains": [
                        {
                            "filters": [{"name": "hcm", "typed_config": manager}],
                            "transport_socket": {
                                "name": "tls",
                                "typed_config": typed(
                                    f"{tls}.DownstreamTlsContext",
                                    common_tls_context={
                                        "tls_certificates": [files("server")],
                                        "validation_context": trusted,
                                    },
                                ),
                            },
                        }
                    ],
                }
            ],
            "clusters": [
                {
                    "name": "gateway",
                    "load_assignment": {
                        "cluster_name": "gateway",
                        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
                    },
                    "transport_socket": {
                        "name": "tls",
                        "typed_config": typed(
                            f"{tls}.UpstreamTlsContext",
                            common_tls_context={
                                "tls_certificates": [files("hop")],
                                "validation_context": trusted,
                            },
                        ),
                    },
                }
            ],
        },
    }
    folder = paths.LOGS / f"identity-hop-{how}-{version}"
    return Gateway(ENVOYS[version], bootstrap, 1, folder)


@pytest.mark.parametrize("version", ENVOYS)
def test_a_hop_without_a_certificate_is_trusted_where_the_policy_says_so(launch, sim, tmp_path, version):
    rules = usual(sim.openai, sim.anthropic, sim.google)
    pattern = f"{DOMAIN}/ns/{{tenant}}/sa/{{user}}"
    rules["identity"].insert(0, {"spiffe": {"pattern": pattern, "xfcc": "trusted"}})
    gateway = launch(render(rules, tmp_path), version)
    assert whose(gateway, ask(gateway.url, [(XFCC, seen(APP))])) == ("acme", "shop")
    several = [(XFCC, f"URI={VICTIM},{seen(APP)}")]
    assert whose(gateway, ask(gateway.url, several)) == ("acme", "shop")
    refused(ask(gateway.url), 401)


@pytest.mark.parametrize("version", ENVOYS)
def test_with_a_certificate_of_its_own_nobody_speaks_for_others(issued, sim, version):
    gateway = start(version, "trusted", issued, sim, xfcc="trusted")
    try:
        answer = call(gateway, issued, "app", [(XFCC, seen(VICTIM))])
        assert whose(gateway, answer) == ("acme", "shop")
    finally:
        gateway.stop()
