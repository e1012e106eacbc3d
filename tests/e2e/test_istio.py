"""What `render --for istio` writes, patched into a proxy as istiod would, and served by real Envoy."""

import copy
import http.server
import json
import ssl
import subprocess
import threading
import time

import httpx
import pytest
import yaml

from conftest import ENVOYS, NEWEST
from support import paths
from support.credentials import Authority, Signer
from support.credits import credits_policy, paid
from support.gateway import CHAT, MESSAGES
from support.istio.names import Names
from support.istio.patching import apply, described
from support.istio.pod import Providers, mounted, write
from support.istio.shapes import World, proxy
from support.policy import CLAUDE, GPT, KEYS
from support.ratelimit import RESET, RateLimits
from support.whose import BODY, ask, whose

PROXIES = {"istio": "SIDECAR_OUTBOUND", "istio-gateway": "GATEWAY"}
HOSTS = {
    "openai": "api.openai.com",
    "anthropic": "api.anthropic.com",
    "google": "generativelanguage.googleapis.com",
}
LEDGER = "tradewind-ledger.llm.svc.cluster.local"
MESH = {"host": "llm.mesh"}


class Other(http.server.BaseHTTPRequestHandler):
    """Another service of the mesh, on the same port."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "5")
        self.end_headers()
        self.wfile.write(b"other")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def other():
    """Where the other service is."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[:2]
    server.shutdown()


@pytest.fixture(scope="module")
def providers(sim):
    """The simulated providers under their real names, behind TLS."""
    plain = {HOSTS[name]: getattr(sim, name) for name in HOSTS}
    running = Providers(ENVOYS[NEWEST], paths.LOGS / "istio", plain)
    yield running
    running.stop()


@pytest.fixture
def names():
    """Who knows the providers' names; a test may have it forget one."""
    running = Names(dict.fromkeys(HOSTS.values(), "127.0.0.1"))
    yield running
    running.stop()


@pytest.fixture
def mesh(rules, ledger, purses, providers, other, names, launch, tmp_path):
    """Starts a proxy: `mesh(kind)`; `without` leaves one patch out. `purse` pays for all."""
    policy = credits_policy(rules, f"http://{LEDGER}:8700")
    for name, host in HOSTS.items():
        policy["providers"][name]["endpoint"] = f"https://{host}"
    policy["models"]["claude"]["context_window"] = 4 << 20
    address, port = ledger.address.split(":")
    addresses = {**providers.addresses, LEDGER: (address, int(port)), "other.svc": other}
    world = World(addresses, str(providers.authorities), names.address)

    def start(kind: str, version: str = NEWEST, without: str = "", annotated: bool = True):
        objects = mounted(rendered(policy, kind, tmp_path), tmp_path)
        base = proxy(objects, PROXIES[kind], world)
        [envoy_filter] = [own for own in objects if own["kind"] == "EnvoyFilter"]
        patched = apply(base, envoy_filter, without)
        [bootstrap] = [own for own in objects if own["metadata"]["name"] == "tradewind-bootstrap"]
        override = bootstrap["data"]["custom_bootstrap.json"] if annotated else ""
        gateway = launch(write(patched, tmp_path / "xds"), version, 1, override=override)
        gateway.purse = purses.new("50")
        gateway.http.headers.update({**MESH, **gateway.purse.headers()})
        return gateway

    return start


def rendered(policy: dict, kind: str, folder) -> list[dict]:
    """The objects, and the keys where a pod would have them mounted."""
    file, secrets = folder / "policy.json", folder / "secrets"
    file.write_text(json.dumps(policy))
    mount(secrets, KEYS)
    command = [
        *(paths.TRADEWIND, "render", file, "--for", kind, "--namespace", "llm"),
        *("--wasm", paths.WASM, "--secrets-dir", secrets),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return list(yaml.safe_load_all(done.stdout))


def mount(folder, keys: dict[str, str]) -> None:
    """A Kubernetes secret, as the kubelet mounts it: links through one that it swaps."""
    folder.mkdir(exist_ok=True)
    own = folder / f"..{time.monotonic_ns()}"
    own.mkdir()
    for name, key in keys.items():
        (own / f"{name}-key").write_text(key)
    fresh = folder / "..data_tmp"
    fresh.symlink_to(own.name)
    fresh.rename(folder / "..data")
    for name in keys:
        link = folder / f"{name}-key"
        if not link.is_symlink():
            link.symlink_to(f"..data/{name}-key")


@pytest.mark.parametrize("kind", PROXIES)
@pytest.mark.parametrize("version", ENVOYS)
def test_the_tour(mesh, sim, kind, version):
    gateway = mesh(kind, version)
    purse = gateway.purse
    openai = gateway.openai(purse.key(), default_headers=MESH)
    anthropic = gateway.anthropic(purse.key(), default_headers=MESH)
    say = [{"role": "user", "content": "hello"}]

    for model, provider in (("claude", "anthropic"), ("gpt", "openai"), ("gemini", "google")):
        answer = openai.chat.completions.create(model=model, messages=say)
        assert answer.choices[0].message.content
        assert anthropic.messages.create(model=model, max_tokens=500, messages=say).content
        asked = sim.requests()[-2:]
        assert {request.headers["host"] for request in asked} == {HOSTS[provider]}
        for request in asked:
            headers = str(request.headers)
            assert purse.key() not in headers and KEYS[provider] in headers

    chunks = openai.chat.completions.create(model="gemini", messages=say, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)

    sim.weather(CLAUDE, status=529)
    failed_over = gateway.chat("hello")
    assert failed_over.headers["x-tradewind-model"] == "gpt"
    sim.weather(GPT, status=503)
    assert gateway.messages("hello").headers["x-tradewind-model"] == "gemini"
    sim.reset()

    large = gateway.chat("x" * (3 << 20), model="claude")
    assert large.status_code == 200, large.text

    before = len(purse.settled(10))
    assert purse.ask(gateway, CHAT).status_code == 200
    assert purse.ask(gateway, MESSAGES, model="claude", stream=True).status_code == 200
    for entry, model in zip(purse.settled(before + 2)[before:], ("gpt", "claude")):
        paid(entry, model)

    time.sleep(0.2)
    logged = gateway.envoy.access_log()
    assert gateway.http.get("/any", headers={"host": "other.svc"}).text == "other"
    time.sleep(0.2)
    assert gateway.envoy.access_log() == logged, "another host's requests are not ours to log"
    assert {line["tenant"] for line in logged} == {purse.tenant}
    assert [try_["outcome"] for try_ in logged[-5]["attempts"]] == ["overloaded", "answered"]


PATCHES = ["HTTP_FILTER", "VIRTUAL_HOST", "HTTP_ROUTE", "CLUSTER anthropic"]


@pytest.mark.parametrize("kind", PROXIES)
@pytest.mark.parametrize("patch", PATCHES)
def test_a_patch_that_does_not_land_sends_nothing(mesh, sim, kind, patch):
    gateway = mesh(kind, without=patch)
    answer = gateway.chat("hello", model="claude")
    assert answer.status_code >= 500, answer.text
    assert sim.requests() == []


def test_no_patch_goes_untried(rules, tmp_path):
    for kind in PROXIES:
        [*_, envoy_filter] = rendered(rules, kind, tmp_path)
        patches = [described(own) for own in envoy_filter["spec"]["configPatches"]]
        # The access log may be missing: nothing is sent by it.
        patches.remove("NETWORK_FILTER")
        assert patches == [*PATCHES[:3], *(f"CLUSTER {name}" for name in rules["providers"])]


@pytest.mark.parametrize("kind", PROXIES)
@pytest.mark.parametrize("version", ENVOYS)
def test_a_name_that_does_not_resolve_is_left_for_the_next_model(mesh, sim, names, kind, version):
    address = names.known.pop(HOSTS["anthropic"])
    gateway = mesh(kind, version)
    for ask in (gateway.chat, gateway.messages):
        answer = ask("hello")
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-tradewind-model"] == "gpt"
        assert answer.headers["x-tradewind-attempts"] == "2"
    alone = gateway.chat("hello", model="claude")
    assert alone.status_code == 503 and "could not be reached" in alone.text, alone.text

    def serves(model: str) -> None:
        end = time.monotonic() + 20
        while gateway.chat("hello").headers["x-tradewind-model"] != model:
            assert time.monotonic() < end, "the name service is not heard"
            time.sleep(0.2)

    names.known[HOSTS["anthropic"]] = address
    serves("claude")
    del names.known[HOSTS["anthropic"]]
    serves("gpt")


@pytest.mark.parametrize("kind", PROXIES)
@pytest.mark.parametrize("version", ENVOYS)
def test_metrics_have_labels_where_the_pod_is_annotated(mesh, sim, kind, version):
    """The agent gives its proxy the ConfigMap's file as `--config-yaml`."""
    gateway = mesh(kind, version)
    assert gateway.chat("hello", model="gpt").status_code == 200
    answered = (("model", "gpt"), ("outcome", "answered"))
    gateway.envoy.wait_for(
        "the count", lambda: gateway.envoy.counters("tradewind_attempts_total").get(answered) == 1
    )
    page = gateway.envoy.admin.get("/stats/prometheus").text
    bucket = 'tradewind_attempt_duration_milliseconds_bucket{model="gpt",le="%s"}'
    assert bucket % 20000 in page and bucket % 40000 in page and bucket % 30000 not in page
    stats = gateway.envoy.admin.get("/stats?usedonly").text
    assert "downstream_rq" not in stats, "the rest is as the mesh has it"


def test_metrics_are_there_without_an_annotation(mesh, sim):
    gateway = mesh("istio", annotated=False)
    assert gateway.chat("hello", model="gpt").status_code == 200
    name = "wasmcustom.tradewind_attempts_total.model.gpt.outcome.answered"
    gateway.envoy.wait_for("the count", lambda: gateway.envoy.stats(name).get(name) == 1)


def test_a_key_rotates_as_a_mounted_secret_does(mesh, sim, tmp_path):
    """The kubelet swaps a link to the folder that holds the keys."""
    gateway = mesh("istio")
    assert gateway.chat("hello", model="gpt").status_code == 200
    assert sim.requests()[-1].headers["authorization"] == f"Bearer {KEYS['openai']}"
    # The ledger goes on with the token that it knows.
    new = {name: key if name == "ledger" else f"{key}-2" for name, key in KEYS.items()}
    mount(tmp_path / "secrets", new)
    end = time.monotonic() + 15
    while True:
        answer = gateway.chat("hello", model="gpt")
        assert answer.status_code == 200, answer.text
        if sim.requests()[-1].headers["authorization"] == f"Bearer {KEYS['openai']}-2":
            break
        assert time.monotonic() < end, "the new key is not used"
        time.sleep(0.1)


def test_the_names_of_providers_are_checked(mesh, rules):
    """Without both the name that is asked for and those that are taken, any certificate would do."""
    gateway = mesh("istio")
    clusters = gateway.envoy.admin.get("/config_dump?resource=dynamic_active_clusters").json()
    contexts = [
        own["cluster"]["transport_socket"]["typed_config"]
        for own in clusters["configs"] if "transport_socket" in own["cluster"]
    ]
    assert len(contexts) == len(HOSTS)
    for context in contexts:
        validation = context["common_tls_context"]["validation_context"]
        names = validation["match_typed_subject_alt_names"]
        assert [own["matcher"]["exact"] for own in names] == [context["sni"]]


@pytest.mark.parametrize("version", ENVOYS)
def test_a_sidecar_knows_its_own_workload_and_tokens(rules, providers, names, other, launch, tmp_path, version):
    """No key in any app: what istiod says of the pod counts, or a token that the app has."""
    signer = Signer(tmp_path)
    (tmp_path / "jwks.json").write_text(signer.jwks)
    tokens = {
        "issuer": "https://login.example",
        "jwks": {"file": str(tmp_path / "jwks.json")},
        "tenant_claim": "org",
        "header": "x-token",
    }
    policy = {**rules, "identity": [{"jwt": tokens}, {"workload": {}}]}
    for name, host in HOSTS.items():
        policy["providers"] = {
            **policy["providers"],
            name: {**policy["providers"][name], "endpoint": f"https://{host}"},
        }
    objects = mounted(rendered(policy, "istio", tmp_path), tmp_path)
    addresses = {**providers.addresses, "other.svc": other}
    world = World(addresses, str(providers.authorities), names.address)
    base = proxy(objects, PROXIES["istio"], world)
    [envoy_filter] = [own for own in objects if own["kind"] == "EnvoyFilter"]
    node = {"node": {"metadata": {"NAMESPACE": "shop", "SERVICE_ACCOUNT": "web"}}}
    files = write(apply(base, envoy_filter, ""), tmp_path / "xds")
    gateway = launch(files, version, 1, override=json.dumps(node))
    host = list(MESH.items())
    assert whose(gateway, ask(gateway.url, host)) == ("shop", "web")
    token = signer.token("https://login.example", org="acme")
    assert whose(gateway, ask(gateway.url, [*host, ("x-token", token)])) == ("acme", None)
    forged = [("x-token", token[:-8] + "AAAAAAAA"), ("x-forwarded-client-cert", "URI=spiffe://x")]
    assert whose(gateway, ask(gateway.url, [*host, *forged])) == ("shop", "web")
    assert gateway.http.get("/any", headers={"host": "other.svc", "x-token": "bad"}).text == "other"


DOMAIN = "spiffe://cluster.local"


@pytest.mark.parametrize("version", ENVOYS)
def test_proxies_of_a_mesh_share_limits(
    rules, providers, names, other, launch, tmp_path, version
):
    """The service is a host like any other; another host of the proxy is not asked about."""
    acme = (("counts", "requests"), ("tenant", "acme"))
    service = RateLimits({acme: 3})
    address, port = service.url.removeprefix("http://").split(":")
    policy = copy.deepcopy(rules)
    policy["limits"]["global"] = {
        "endpoint": "http://ratelimit.example:8081", "timeout": "5s",
        "descriptors": [{"by": ["tenant"]}],
    }
    for name, host in HOSTS.items():
        policy["providers"][name]["endpoint"] = f"https://{host}"
    objects = rendered(policy, "istio", tmp_path)
    for own in objects:
        # Where it really is.
        if own["kind"] == "ServiceEntry" and own["spec"]["hosts"] == ["ratelimit.example"]:
            own["spec"]["resolution"] = "STATIC"
    objects = mounted(objects, tmp_path)
    addresses = {**providers.addresses, "other.svc": other, "ratelimit.example": (address, int(port))}
    world = World(addresses, str(providers.authorities), names.address)
    base = proxy(objects, PROXIES["istio"], world)
    [envoy_filter] = [own for own in objects if own["kind"] == "EnvoyFilter"]
    files = write(apply(base, envoy_filter, ""), tmp_path / "xds")
    gateways = [launch(files, version, 1) for _ in range(2)]
    codes = [one.http.post(CHAT, json=BODY, headers=MESH).status_code for one in gateways * 2]
    assert sorted(codes) == [200, 200, 200, 429]
    refused = gateways[0].http.post(CHAT, json=BODY, headers=MESH)
    assert refused.headers["retry-after"] == str(RESET)
    assert gateways[0].http.get("/any", headers={"host": "other.svc"}).text == "other"
    assert len(service.asked) == 5
    assert {own.authority for own in service.asked} == {"ratelimit.example:8081"}
    service.stop()


@pytest.mark.parametrize("version", ENVOYS)
def test_a_gateway_knows_the_workloads_that_call_it(
    rules, providers, names, other, launch, tmp_path, version
):
    """By the certificates that their sidecars show: no app holds a key."""
    authority = Authority(tmp_path / "mesh")
    gateway_own = authority.issue("gateway", f"URI:{DOMAIN}/ns/istio-system/sa/gateway", "DNS:localhost")
    shop = authority.issue("shop", f"URI:{DOMAIN}/ns/acme/sa/shop")
    pattern = {"pattern": f"{DOMAIN}/ns/{{tenant}}/sa/{{user}}"}
    policy = {**rules, "identity": [{"spiffe": pattern}]}
    policy["providers"] = {
        name: {**rules["providers"][name], "endpoint": f"https://{host}"}
        for name, host in HOSTS.items()
    }
    objects = mounted(rendered(policy, "istio-gateway", tmp_path), tmp_path)
    addresses = {**providers.addresses, "other.svc": other}
    identity = (*gateway_own, str(authority.certificate))
    world = World(addresses, str(providers.authorities), names.address, identity)
    base = proxy(objects, PROXIES["istio-gateway"], world)
    [envoy_filter] = [own for own in objects if own["kind"] == "EnvoyFilter"]
    gateway = launch(write(apply(base, envoy_filter, ""), tmp_path / "xds"), version, 1)

    def call(who, *headers):
        context = ssl.create_default_context(cafile=str(authority.certificate))
        context.check_hostname = False
        if who:
            context.load_cert_chain(*who)
        url = gateway.url.replace("http://", "https://")
        return ask(url, [*MESH.items(), *headers], verify=context)

    assert whose(gateway, call(shop)) == ("acme", "shop")
    victim = f"URI={DOMAIN}/ns/victim/sa/root"
    assert whose(gateway, call(shop, ("x-forwarded-client-cert", victim))) == ("acme", "shop")
    with pytest.raises(httpx.TransportError):
        call(None)
    # What brings a sidecar there, and the certificate with it.
    of = {own["kind"]: own["spec"] for own in objects if own["metadata"]["name"].startswith("tradewind")
          and own["kind"] in ("Gateway", "VirtualService")}
    [rule] = [own["spec"] for own in objects if own["metadata"]["name"] == "tradewind-egress"]
    [server] = of["Gateway"]["servers"]
    assert server["tls"] == {"mode": "ISTIO_MUTUAL"} and server["port"]["protocol"] == "HTTPS"
    [to] = of["VirtualService"]["http"][1]["route"]
    [subset] = rule["subsets"]
    assert (to["destination"]["host"], to["destination"]["subset"]) == (rule["host"], subset["name"])
    [setting] = subset["trafficPolicy"]["portLevelSettings"]
    assert setting["port"] == to["destination"]["port"]
    assert setting["tls"] == {"mode": "ISTIO_MUTUAL", "sni": MESH["host"]}
