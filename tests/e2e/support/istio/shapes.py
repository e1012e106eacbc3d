"""The configuration that istiod gives a proxy before anything is patched."""

from dataclasses import dataclass, field

HTTP = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
UNBOUNDED = 4294967295


def typed(message: str, **fields) -> dict:
    return {"@type": f"type.googleapis.com/{message}", **fields}


@dataclass
class Proxy:
    """Listener, routes and clusters; `port` is the one that patches name."""

    context: str
    port: int
    listener: dict
    routes: dict
    clusters: list[dict] = field(default_factory=list)


@dataclass
class World:
    """Where things really are: what DNS and the other proxies of a mesh would know."""

    # The address of each host, whatever port it is asked at.
    addresses: dict[str, tuple[str, int]]
    # Certificate authorities, instead of the system's.
    authorities: str
    # The address of a name service.
    names: tuple[str, int]
    # What a gateway that is called by mutual TLS has: a certificate, its key, and the mesh's own
    # authorities.
    identity: tuple[str, str, str] | None = None


# As istiod's bootstrap has it (`tools/packaging/common/envoy_bootstrap.json`), shorter by rules for
# what is not run here.
STATS = {
    "use_all_default_tags": False,
    "stats_tags": [
        {"tag_name": "cluster_name", "regex": "^cluster(\\.(.+);)"},
        {
            "tag_name": "http_conn_manager_prefix",
            "regex": "^http\\.(((?:[_.[:digit:]\\w]*|[_\\[\\]aAbBcCdDeEfF[:digit:]\\w\\:]*));\\.)",
        },
        {"tag_name": "response_code", "regex": "_rq(_(\\d{3}))$"},
        {"tag_name": "response_code_class", "regex": "_rq(_(\\dxx))$"},
        {"tag_name": "cache", "regex": "(cache\\.(.+?)\\.)"},
        {"tag_name": "component", "regex": "(component\\.(.+?)\\.)"},
        {"tag_name": "tag", "regex": "(tag\\.(.+?);\\.)"},
        {"tag_name": "wasm_filter", "regex": "(wasm_filter\\.(.+?)\\.)"},
        {"tag_name": "authz_enforce_result", "regex": "rbac(\\.(allowed|denied))"},
    ],
    "stats_matcher": {"inclusion_list": {"patterns": [
        {"prefix": "reporter="},
        *({"prefix": one} for one in (
            "cluster_manager", "listener_manager", "server", "cluster.xds-grpc", "wasm",
        )),
        *({"suffix": one} for one in ("rbac.allowed", "rbac.denied")),
        {"safe_regex": {"regex": "vhost\\..*\\.route\\..*"}},
        {"prefix": "component"},
        {"prefix": "istio"},
    ]}},
}


def proxy(objects: list[dict], context: str, world: World) -> Proxy:
    """A proxy of the mesh that these objects describe."""
    [server] = [own["spec"]["servers"][0] for own in objects if own["kind"] == "Gateway"] or [None]
    own_port = server["port"] if server else {"number": 80}
    port = own_port["number"]
    of = {kind: [own for own in objects if own["kind"] == kind] for kind in
          ("ServiceEntry", "DestinationRule", "VirtualService")}
    rules = {rule["spec"]["host"]: rule["spec"] for rule in of["DestinationRule"]}
    clusters = []
    for entry in of["ServiceEntry"]:
        for service in entry["spec"]["hosts"]:
            for own in entry["spec"]["ports"]:
                clusters += of_service(service, own, rules, world, entry["spec"])
    # A service of Kubernetes needs no entry.
    for host in rules.keys() - {h for e in of["ServiceEntry"] for h in e["spec"]["hosts"]}:
        plain = {"number": 8700, "name": "http", "protocol": "HTTP"}
        clusters += of_service(host, plain, rules, world, {"resolution": "STATIC"})
    clusters += of_service("other.svc", {"number": 80, "protocol": "HTTP"}, {}, world, {})
    hosts = ["llm.mesh", "other.svc"]
    mutual = server is not None and server.get("tls", {}).get("mode") == "ISTIO_MUTUAL"
    name = f"{'http.' if context == 'GATEWAY' else ''}{port}"
    if mutual:
        name = f"https.{port}.{own_port['name']}.tradewind.llm"
    routes = {
        "name": name,
        "virtual_hosts": [virtual_host(host, port) for host in hosts],
        "validate_clusters": False,
        "ignore_port_in_host_matching": True,
    }
    own = listener(context, port, name)
    if mutual:
        own["filter_chains"][0]["transport_socket"] = mutual_tls(world)
    return Proxy(context, port, own, routes, clusters)


def mutual_tls(world: World) -> dict:
    """What a server of a gateway has by `ISTIO_MUTUAL`: nobody comes in without a certificate."""
    certificate, key, authorities = world.identity
    context = typed(
        "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        common_tls_context={
            "alpn_protocols": ["h2", "http/1.1"],
            "tls_certificates": [{
                "certificate_chain": {"filename": certificate}, "private_key": {"filename": key},
            }],
            "validation_context": {"trusted_ca": {"filename": authorities}},
        },
        require_client_certificate=True,
    )
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}


def virtual_host(host: str, port: int) -> dict:
    return {
        "name": f"{host}:{port}",
        "domains": [host],
        "include_request_attempt_count": True,
        "routes": [{
            "name": "default",
            "match": {"prefix": "/"},
            "decorator": {"operation": f"{host}:{port}/*"},
            "route": {
                "cluster": f"outbound|80||{host}",
                "timeout": "0s",
                "max_grpc_timeout": "0s",
                "retry_policy": {
                    "retry_on": "connect-failure,refused-stream,unavailable,cancelled",
                    "num_retries": 2,
                    "retry_host_predicate": [{
                        "name": "envoy.retry_host_predicates.previous_hosts",
                        "typed_config": typed(
                            "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
                        ),
                    }],
                    "host_selection_retry_max_attempts": 5,
                },
            },
        }],
    }


def listener(context: str, port: int, routes: str) -> dict:
    sidecar = context == "SIDECAR_OUTBOUND"
    manager = typed(
        HTTP,
        stat_prefix=f"outbound_0.0.0.0_{port}",
        rds={
            "route_config_name": routes,
            "config_source": {"resource_api_version": "V3"},
        },
        http_filters=[
            {"name": name, "typed_config": typed(f"envoy.extensions.filters.http.{message}")}
            for name, message in (
                ("envoy.filters.http.grpc_stats", "grpc_stats.v3.FilterConfig"),
                ("envoy.filters.http.fault", "fault.v3.HTTPFault"),
                ("envoy.filters.http.cors", "cors.v3.Cors"),
                ("envoy.filters.http.router", "router.v3.Router"),
            )
        ],
        use_remote_address=not sidecar,
        **({} if sidecar else {"forward_client_cert_details": "SANITIZE_SET"}),
        normalize_path=True,
        stream_idle_timeout="0s",
        upgrade_configs=[{"upgrade_type": "websocket"}],
        path_with_escaped_slashes_action="KEEP_UNCHANGED" if sidecar else "UNESCAPE_AND_REDIRECT",
    )
    own = {
        "name": f"0.0.0.0_{port}",
        "traffic_direction": "OUTBOUND",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager", "typed_config": manager,
        }]}],
    }
    if not sidecar:
        # What the EDGE profile of a gateway gives it.
        own["per_connection_buffer_limit_bytes"] = 32 << 10
    return own


def of_service(host: str, port: dict, rules: dict, world: World, entry: dict) -> list[dict]:
    """The cluster of a host's port, and one for each of its subsets."""
    number = port["number"]
    address, real = world.addresses.get(host, ("127.0.0.1", 1))
    found = {"type": "STATIC"}
    if entry.get("resolution") == "DNS":
        address, found = host, by_name(world)
    endpoints = entry.get("endpoints")
    if endpoints and "ports" in endpoints[0]:
        address, real = endpoints[0]["address"], next(iter(endpoints[0]["ports"].values()))

    def cluster(subset: str, policy: dict) -> dict:
        name = f"outbound|{number}|{subset}|{host}"
        unbounded = dict.fromkeys(
            ("max_connections", "max_pending_requests", "max_requests", "max_retries"), UNBOUNDED
        )
        own = {
            "name": name,
            "alt_stat_name": f"{name};",
            **found,
            "connect_timeout": "10s",
            "circuit_breakers": {"thresholds": [unbounded]},
            "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{
                "endpoint": {
                    "address": {"socket_address": {"address": address, "port_value": real}}
                },
            }]}]},
        }
        tls = policy.get("tls", {"mode": "DISABLE"})
        if tls["mode"] == "SIMPLE":
            own["transport_socket"] = transport_socket(tls, world)
        return own

    subsets = rules.get(host, {}).get("subsets", [])
    named = [cluster(own["name"], own.get("trafficPolicy", {})) for own in subsets]
    return [cluster("", {}), *named]


def by_name(world: World) -> dict:
    """How istiod has a host's addresses found."""
    host, port = world.names
    resolver = typed(
        "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
        resolvers=[{"socket_address": {"address": host, "port_value": port}}],
        dns_resolver_options={"no_default_search_domain": True},
        udp_max_queries=100,
    )
    return {
        "type": "STRICT_DNS",
        "dns_lookup_family": "V4_ONLY",
        "typed_dns_resolver_config": {
            "name": "envoy.network.dns_resolver.cares", "typed_config": resolver,
        },
        "dns_jitter": "0.1s",
        "dns_refresh_rate": "60s",
        "respect_dns_ttl": True,
    }


def transport_socket(tls: dict, world: World) -> dict:
    names = [
        {"san_type": "DNS", "matcher": {"exact": name}} for name in tls.get("subjectAltNames", [])
    ]
    context = {
        "common_tls_context": {"validation_context": {
            "trusted_ca": {"filename": world.authorities},
            **({"match_typed_subject_alt_names": names} if names else {}),
        }},
        **({"sni": tls["sni"]} if "sni" in tls else {}),
    }
    message = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
    return {"name": "envoy.transport_sockets.tls", "typed_config": typed(message, **context)}
