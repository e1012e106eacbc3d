"""What a pod brings: files where the manifests say they are, and providers behind TLS."""

import json
import subprocess
from pathlib import Path

from ..daemon import Daemon
from .shapes import STATS, Proxy, typed


def certificates(folder: Path, names: list[str]) -> tuple[Path, Path]:
    """A key and a certificate for these names, which is its own authority."""
    folder.mkdir(parents=True, exist_ok=True)
    key, certificate = folder / "mesh.key", folder / "mesh.pem"
    alternatives = ",".join(f"DNS:{name}" for name in names)
    command = [
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-subj", "/CN=providers", "-addext", f"subjectAltName={alternatives}"),
        *("-keyout", key, "-out", certificate),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return key, certificate


class Providers(Daemon):
    """TLS in front of the simulated providers; each answers to its own name alone."""

    def __init__(self, binary: Path, folder: Path, plain: dict[str, str]):
        key, self.authorities = certificates(folder, list(plain))
        listeners = [self._listener(name, key) for name in plain]
        clusters = [self._cluster(name, url) for name, url in plain.items()]
        config, address = folder / "providers.json", folder / "providers-admin"
        address.unlink(missing_ok=True)
        config.write_text(json.dumps({
            "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
            "static_resources": {"listeners": listeners, "clusters": clusters},
        }))
        command = [*(binary, "--config-path", config, "--use-dynamic-base-id"),
                   *("--admin-address-path", address, "--concurrency", "1")]
        super().__init__(command, folder / "providers.log")
        text = self.wait_for("admin address", lambda: address.exists() and address.read_text())
        self.addresses = self.wait_for("listeners", lambda: self._listening(text, list(plain)))

    def _listening(self, admin: str, names: list[str]) -> dict[str, tuple[str, int]] | None:
        import httpx

        try:
            answer = httpx.get(f"http://{admin}/listeners?format=json", trust_env=False).json()
        except httpx.TransportError:
            return None
        ports = {
            own["name"]: own["local_address"]["socket_address"]["port_value"]
            for own in answer.get("listener_statuses", [])
        }
        if set(ports) != set(names):
            return None
        return {name: ("127.0.0.1", port) for name, port in ports.items()}

    def _listener(self, name: str, key: Path) -> dict:
        pair = {
            "certificate_chain": {"filename": str(self.authorities)},
            "private_key": {"filename": str(key)},
        }
        context = typed(
            "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            common_tls_context={"tls_certificates": [pair]},
        )
        pass_on = typed(
            "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
            stat_prefix=name.replace(".", "_"), cluster=name,
        )
        return {
            "name": name,
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
            "listener_filters": [{
                "name": "envoy.filters.listener.tls_inspector",
                "typed_config": typed(
                    "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
                ),
            }],
            "filter_chains": [{
                "filter_chain_match": {"server_names": [name]},
                "filters": [{"name": "pass", "typed_config": pass_on}],
                "transport_socket": {
                    "name": "envoy.transport_sockets.tls", "typed_config": context,
                },
            }],
        }

    def _cluster(self, name: str, url: str) -> dict:
        host, port = url.removeprefix("http://").split(":")
        endpoint = {"address": {"socket_address": {"address": host, "port_value": int(port)}}}
        return {
            "name": name, "type": "STATIC", "connect_timeout": "1s",
            "load_assignment": {
                "cluster_name": name,
                "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}],
            },
        }


def write(proxy: Proxy, folder: Path) -> dict:
    """The proxy's resources as files that it watches, and the bootstrap that names them."""
    folder.mkdir(parents=True, exist_ok=True)

    def source(name: str) -> dict:
        file = {"path": str(folder / f"{name}.json")}
        return {"resource_api_version": "V3", "path_config_source": file}

    manager = proxy.listener["filter_chains"][0]["filters"][0]["typed_config"]
    manager["rds"]["config_source"] = source("rds")
    kinds = {
        "cds": ("envoy.config.cluster.v3.Cluster", proxy.clusters),
        "rds": ("envoy.config.route.v3.RouteConfiguration", [proxy.routes]),
        "lds": ("envoy.config.listener.v3.Listener", [proxy.listener]),
    }
    for name, (message, resources) in kinds.items():
        typed_ones = [typed(message, **own) for own in resources]
        (folder / f"{name}.json").write_text(json.dumps({"resources": typed_ones}))
    return {
        "node": {"id": "sidecar~10.0.0.1~app.llm~llm.svc.cluster.local", "cluster": "app.llm"},
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
        "dynamic_resources": {"cds_config": source("cds"), "lds_config": source("lds")},
        "stats_config": STATS,
    }


def mounted(objects: list[dict], folder: Path) -> list[dict]:
    """The objects with the folders of a pod put where they are here, and the files that name keys."""
    sds = folder / "sds"
    sds.mkdir(parents=True, exist_ok=True)
    text = json.dumps(objects).replace("/etc/tradewind/sds", str(sds))
    objects = json.loads(text)
    for own in objects:
        if own["metadata"]["name"] == "tradewind-sds":
            for name, data in own["data"].items():
                (sds / name).write_text(data)
    return objects
