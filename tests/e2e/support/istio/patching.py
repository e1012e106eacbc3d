"""EnvoyFilter's patches, applied to a proxy's configuration as istiod applies them."""

import copy

from .shapes import Proxy

# Fields of which only one may be set (protobuf's `oneof`): the patch's replaces the other.
ONE_OF = ({"cluster", "cluster_header", "weighted_clusters", "inline_cluster_specifier_plugin",
           "cluster_specifier_plugin"},)
# Maps from names to messages of any type: an entry is replaced, not merged.
MAPS = {"typed_extension_protocol_options", "typed_per_filter_config"}


def apply(proxy: Proxy, envoy_filter: dict, without: str = "") -> Proxy:
    """The same proxy with every patch, but for those that `without` describes."""
    proxy = copy.deepcopy(proxy)
    for patch in envoy_filter["spec"]["configPatches"]:
        if patch["match"]["context"] != proxy.context or described(patch) == without:
            continue
        assert APPLY[patch["applyTo"]](proxy, patch["match"], patch["patch"]), (
            f"{described(patch)} lands nowhere"
        )
    return proxy


def described(patch: dict) -> str:
    """A patch in a word or two."""
    subset = patch["match"].get("cluster", {}).get("subset", "")
    return f"{patch['applyTo']} {subset}".strip()


def merge(into: dict, value: dict) -> None:
    """As protobuf merges: messages field by field, lists appended, zero values absent."""
    for key, own in value.items():
        if own in (False, 0, ""):
            continue
        for group in ONE_OF:
            if key in group:
                for other in group - {key}:
                    into.pop(other, None)
        if key in MAPS:
            into.setdefault(key, {}).update(copy.deepcopy(own))
        elif isinstance(own, dict) and isinstance(into.get(key), dict):
            merge(into[key], own)
        elif isinstance(own, list) and isinstance(into.get(key), list):
            into[key].extend(copy.deepcopy(own))
        else:
            into[key] = copy.deepcopy(own)


def http_filter(proxy: Proxy, match: dict, patch: dict) -> bool:
    assert patch["operation"] == "INSERT_BEFORE"
    chain = match["listener"]["filterChain"]["filter"]
    if match["listener"]["portNumber"] != proxy.port:
        return False
    network = proxy.listener["filter_chains"][0]["filters"][0]
    filters = network["typed_config"]["http_filters"]
    names = [own["name"] for own in filters]
    if network["name"] != chain["name"] or chain["subFilter"]["name"] not in names:
        return False
    filters.insert(names.index(chain["subFilter"]["name"]), copy.deepcopy(patch["value"]))
    return True


def network_filter(proxy: Proxy, match: dict, patch: dict) -> bool:
    assert patch["operation"] == "MERGE"
    wanted = match["listener"]
    own = proxy.listener["filter_chains"][0]["filters"][0]
    if wanted["portNumber"] != proxy.port or wanted["filterChain"]["filter"]["name"] != own["name"]:
        return False
    assert patch["value"]["typed_config"]["@type"] == own["typed_config"]["@type"]
    merge(own, patch["value"])
    return True


def hosts(proxy: Proxy, match: dict) -> list[dict]:
    wanted = match["routeConfiguration"]
    if wanted["portNumber"] != proxy.port:
        return []
    return [own for own in proxy.routes["virtual_hosts"] if own["name"] == wanted["vhost"]["name"]]


def virtual_host(proxy: Proxy, match: dict, patch: dict) -> bool:
    assert patch["operation"] == "MERGE"
    found = hosts(proxy, match)
    for own in found:
        merge(own, patch["value"])
    return bool(found)


def http_route(proxy: Proxy, match: dict, patch: dict) -> bool:
    assert patch["operation"] == "MERGE"
    assert match["routeConfiguration"]["vhost"]["route"] == {"action": "ROUTE"}
    routes = [route for host in hosts(proxy, match) for route in host["routes"] if "route" in route]
    for route in routes:
        merge(route, patch["value"])
    return bool(routes)


def cluster(proxy: Proxy, match: dict, patch: dict) -> bool:
    assert patch["operation"] == "MERGE"
    # istiod merges the socket and drops the rest.
    assert "transport_socket" not in patch["value"]
    wanted = match["cluster"]
    name = f"outbound|{wanted['portNumber']}|{wanted['subset']}|{wanted['service']}"
    found = [own for own in proxy.clusters if own["name"] == name]
    for own in found:
        merge(own, patch["value"])
    return bool(found)


APPLY = {
    "HTTP_FILTER": http_filter,
    "NETWORK_FILTER": network_filter,
    "VIRTUAL_HOST": virtual_host,
    "HTTP_ROUTE": http_route,
    "CLUSTER": cluster,
}
