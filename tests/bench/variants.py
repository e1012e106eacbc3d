"""What is measured side by side: plain Envoy, what `tradewind render` gives without the module, and
the whole, with one thing changed at a time. Each is a configuration of Envoy and the work it is
given."""

import dataclasses
import hashlib
import json
import random
import subprocess
from typing import Callable

import work

CONNECTION_MANAGER = ("type.googleapis.com/envoy.extensions.filters.network."
                      "http_connection_manager.v3.HttpConnectionManager")
ROUTER = {"name": "envoy.filters.http.router", "typed_config": {
    "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}
WASM = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"


@dataclasses.dataclass(frozen=True)
class Setting:
    """What every configuration is made of."""

    tradewind: str
    wasm: str
    upstream: int
    ledger: str


@dataclasses.dataclass(frozen=True)
class Variant:
    """A configuration, by a function of the setting and the ports, and its work by name."""

    name: str
    bootstrap: Callable
    works: tuple
    # Its work that is also sent at a fixed rate.
    paced: tuple = ()
    plain: bool = False
    # Whether no two of its requests are the same.
    differ: bool = False


def policy(setting, keys=1, **more):
    """Providers of two dialects, both the bench's own, and apps with keys."""
    model = {"context_window": 10_000_000, "max_output_tokens": 64_000,
             "capabilities": ["tools", "images", "json_schema", "reasoning"],
             "price": {"input": "1", "output": "2"}}
    endpoint = f"http://127.0.0.1:{setting.upstream}"
    providers = {"same": "openai", "cross": "anthropic", "held": "anthropic"}
    names = [work.KEY, *(f"sk-{number}" for number in range(1, keys))]
    digests = (hashlib.sha256(name.encode()).hexdigest() for name in names)
    return {
        "version": "tradewind/v1",
        "identity": [{"api_key": {"keys": [{"sha256": digest, "tenant": "bench"}
                                           for digest in digests]}}],
        "limits": {"request": {"max_body_bytes": 8 << 20}},
        "providers": {name: {"dialect": dialect, "endpoint": endpoint}
                      for name, dialect in providers.items()},
        "models": {name: {"provider": name, "name": f"real-{name}", **model}
                   for name in providers},
        "chains": {name: [name] for name in providers},
        "routes": [{"models": [name], "chain": name} for name in providers],
        **more,
    }


def render(setting, folder, ports, rules):
    path = folder / "policy.json"
    path.write_text(json.dumps(rules))
    rendered = subprocess.run(
        [setting.tradewind, "render", path, "--for", "envoy", "--wasm", setting.wasm,
         "--listen", f"127.0.0.1:{ports['listen']}", "--admin", f"127.0.0.1:{ports['admin']}"],
        check=True, stdout=subprocess.PIPE)
    return json.loads(rendered.stdout)


def managers(bootstrap):
    """The HTTP connection managers of all listeners."""
    for listener in bootstrap["static_resources"]["listeners"]:
        for chain in listener["filter_chains"]:
            for entry in chain["filters"]:
                if entry["typed_config"]["@type"] == CONNECTION_MANAGER:
                    yield entry["typed_config"]


def plain(setting, _folder, ports):
    """A proxy of one route and nothing else."""
    address = lambda port: {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    route = {"match": {"prefix": "/"}, "route": {"cluster": "upstream", "timeout": "600s"}}
    manager = {"@type": CONNECTION_MANAGER, "stat_prefix": "plain", "http_filters": [ROUTER],
               "route_config": {"virtual_hosts": [
                   {"name": "plain", "domains": ["*"], "routes": [route]}]}}
    endpoint = {"endpoint": {"address": address(setting.upstream)}}
    return {"admin": {"address": address(ports["admin"])}, "static_resources": {
        "listeners": [{"name": "plain", "address": address(ports["listen"]), "filter_chains": [
            {"filters": [{"name": "http", "typed_config": manager}]}]}],
        "clusters": [{"name": "upstream", "type": "STATIC", "connect_timeout": "3s",
                      "load_assignment": {"cluster_name": "upstream", "endpoints": [
                          {"lb_endpoints": [endpoint]}]}}]}}


def tradewind(setting, folder, ports):
    return render(setting, folder, ports, policy(setting))


def many_keys(setting, folder, ports):
    return render(setting, folder, ports, policy(setting, keys=10_000))


def deciding(setting, folder, ports):
    """A class by a learned score, an experiment, instructions and a fit to the window."""
    labels, weights = folder / "labels.jsonl", folder / "weights.json"
    chosen = random.Random(1)
    with labels.open("w") as out:
        for number in range(600):
            hard = chosen.random() < 0.4
            words = chosen.choices(HARD if hard else EASY, k=chosen.randrange(20, 200))
            out.write(json.dumps({"id": number, "prompt": " ".join(words), "premium": 1,
                                  "budget": int(not hard or chosen.random() < 0.3)}) + "\n")
    subprocess.run(
        [setting.tradewind, "calibrate", "--labels", labels, "--out", weights, "--report",
         folder / "labels", "--price-ratio", "10", "--max-loss", "0.2"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    rules = policy(
        setting,
        classifier={"weights": "weights.json"},
        classes=[{"name": "hard", "when": {"complexity": "premium"}}, {"name": "easy"}],
        experiments=[{"name": "try", "unit": "request",
                      "arms": [{"name": "one", "weight": 1}, {"name": "other", "weight": 1}]}],
        prompt=[{"prepend_system": "You work for {{tenant}}. Today is {{date}}."}],
        context={"overflow": "drop_oldest"})
    for route in rules["routes"]:
        route["chain"] = {"hard": route["chain"], "easy": route["chain"]}
    return render(setting, folder, ports, rules)


EASY = "when is lunch what day follows monday say hello name a colour of the sea".split()
HARD = "prove that every graph of this kind has an even number of vertices of odd degree".split()


def keeping(setting, folder, ports):
    """Answers that are given again: all but the first."""
    return render(setting, folder, ports, policy(setting, cache={"ttl": "1h"}))


WEATHER = {
    "resilience": {
        "breaker": {"failures": 5, "rate": {"share": "50%", "requests": 20}},
        "deadline": {"most": "300s", "header": "x-request-timeout-ms"},
        "retry_budget": {"share": "20%", "at_least": 50},
        "fallback": ["stale_cache", {"reply": "Nobody is here to answer."}]},
    "limits": {
        "request": {"max_body_bytes": 8 << 20},
        "rate": [{"requests": 10**9, "per": "second"}, {"tokens": 10**12, "per": "second"},
                 {"concurrent": 10**6}],
        "session": {"by": "conversation", "requests": 10**9}},
    "cache": {"ttl": "1h", "stale_for": "1h"}}


def weather(setting, folder, ports):
    """Whatever is there for bad weather, and none: nothing fails, nobody is over a limit, and no
    answer is asked for twice, though all are kept. Each model is to retire one day."""
    rules = policy(setting, **WEATHER)
    for model in rules["models"].values():
        model["deprecated"] = {"after": "2099-01-01"}
    return render(setting, folder, ports, rules)


def quiet(make):
    """The same without the access log."""
    def bootstrap(*arguments):
        made = make(*arguments)
        for manager in managers(made):
            manager.pop("access_log", None)
        return made
    return bootstrap


def without_module(setting, folder, ports):
    """The same without the filters: every request goes to the first provider."""
    made = tradewind(setting, folder, ports)
    for manager in managers(made):
        manager["http_filters"] = _others(manager["http_filters"])
        for route in manager["route_config"]["virtual_hosts"][0]["routes"]:
            plugin = route["route"].get("inline_cluster_specifier_plugin")
            if plugin:
                # The matcher finds nothing, since nobody has decided.
                route["match"].pop("filter_state")
                matcher = plugin["extension"]["typed_config"]["cluster_matcher"]
                matcher["on_no_match"]["action"]["typed_config"]["cluster"] = "same"
    for cluster in made["static_resources"]["clusters"]:
        for options in cluster["typed_extension_protocol_options"].values():
            options["http_filters"] = _others(options["http_filters"])
    return made


def _others(filters):
    return [entry for entry in filters if entry["typed_config"]["@type"] != WASM]


def credits(**more):
    """With a ledger that every request asks, or that leases are drawn from."""
    def bootstrap(setting, folder, ports):
        rules = policy(setting, credits={"endpoint": setting.ledger, "cluster": "ledger",
                                         "timeout": "1s", "http2": True, **more})
        return render(setting, folder, ports, rules)
    return bootstrap


def other_module(path, make=tradewind):
    """The same with another build of the module."""
    def bootstrap(setting, folder, ports):
        return make(dataclasses.replace(setting, wasm=path), folder, ports)
    return bootstrap


WHOLE = tuple(one.name for one in work.WHOLE)
STREAMED = tuple(one.name for one in work.STREAMED)
REFUSED = tuple(one.name for one in work.REFUSED)
SAME = tuple(name for name in WHOLE if name.startswith("same"))
USUAL, BOTH = ("same 4 KB",), ("same 4 KB", "cross 4 KB")

DECIDING = "score, class, experiment, prompt, context"
FAIR, AGAIN = "weather, none of it bad", "an answer from the cache"
PLAIN, BARE, OURS = "plain Envoy", "rendered, without the module", "Tradewind"
EVERY = [
    Variant(PLAIN, plain, SAME + STREAMED, USUAL, plain=True),
    Variant(BARE, without_module, SAME + STREAMED, USUAL, plain=True),
    Variant(f"{BARE} and log", quiet(without_module), USUAL, plain=True),
    Variant(OURS, tradewind, WHOLE + STREAMED + REFUSED, BOTH),
    Variant("without the access log", quiet(tradewind), BOTH),
    Variant("10,000 keys", many_keys, BOTH),
    Variant(DECIDING, deciding, BOTH),
    Variant(FAIR, weather, BOTH, differ=True),
    Variant(AGAIN, keeping, BOTH),
    Variant("credits, a call for each request", credits(lease="off"), USUAL, USUAL),
    Variant("credits, a lease", credits(lease={"credits": "500", "seconds": 60}), USUAL, USUAL),
]
AGAINST = "the other module"


def against(path):
    return Variant(AGAINST, other_module(path), WHOLE + STREAMED + REFUSED, BOTH)


def twin(variant, path):
    """A variant of another build of the module."""
    return dataclasses.replace(variant, name=f"{variant.name}, {AGAINST}", paced=(),
                               bootstrap=other_module(path, variant.bootstrap))
