"""Others on the same work: Envoy's own AI Protocol Manager, LiteLLM and Portkey's gateway, beside
plain Envoy and Tradewind. What is not installed is passed over: `tests/tools/setup.sh peers` brings
it.

They do not do the same: the AI Protocol Manager reads the model and counts tokens, and only LiteLLM
and Portkey translate. Each runs as one worker, on one core.
"""

import dataclasses
import json
import shutil
import sys

import bench
import report
import variants
import work
from process import Process
from variants import Variant

TOOLS = bench.ROOT / ".tools"
AI_FILTER = "type.googleapis.com/envoy.extensions.filters.http.ai_protocol_manager.v3."
# What the slowest keep up with: requests per second, and how many are one round.
RATE, PACED = 20, 40
# Requests of a round: the slowest take a hundred times as long as Envoy.
COUNT = 200


def protocol_manager(setting, folder, ports):
    """Plain Envoy with the filter: the model and the usage become metadata."""
    made = variants.plain(setting, folder, ports)
    options = {
        "@type": f"{AI_FILTER}AiProtocolManager",
        "request_handling": {"parse_unconfigured_routes": True},
        "response_handling": {"token_usage": {
            "include_unconfigured_routes": True,
            "default_llm_protocol": "OPENAI_CHAT_COMPLETIONS"}},
        "filters": [{"name": "envoy.http.ai_filters.request_info", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.http.ai_filters.request_info.v3."
                     "RequestInfo"}}],
    }
    for manager in variants.managers(made):
        manager["http_filters"].insert(
            0, {"name": "envoy.filters.http.ai_protocol_manager", "typed_config": options})
        for route in manager["route_config"]["virtual_hosts"][0]["routes"]:
            route["typed_per_filter_config"] = {"envoy.filters.http.ai_protocol_manager": {
                "@type": f"{AI_FILTER}AiProtocolManagerPerRoute",
                "request": {"llm_protocol": "OPENAI_CHAT_COMPLETIONS"},
                "response": {"llm_protocol": "OPENAI_CHAT_COMPLETIONS"}}}
    return made


def found(*places):
    """The first of these programs that is there."""
    for place in places:
        if path := shutil.which(str(place)):
            return path
    return None


def litellm(setting, folder, ports):
    program = found(TOOLS / "litellm/bin/litellm", "litellm")
    base = f"http://127.0.0.1:{setting.upstream}"
    models = {"same": {"model": "openai/real-same", "api_base": f"{base}/v1"},
              "cross": {"model": "anthropic/real-cross", "api_base": base}}
    config = folder / "litellm.json"
    config.write_text(json.dumps({
        "model_list": [{"model_name": name, "litellm_params": {**more, "api_key": "sk-provider"}}
                       for name, more in models.items()],
        "general_settings": {"master_key": work.KEY}}))
    return program and [program, "--config", str(config), "--host", "127.0.0.1", "--port",
                        str(ports["listen"]), "--num_workers", "1", "--keepalive_timeout", "600"]


def portkey(_setting, _folder, ports):
    script = TOOLS / "portkey/node_modules/@portkey-ai/gateway/build/start-server.js"
    node = found("node")
    return node and script.exists() and [node, str(script), f"--port={ports['listen']}",
                                         "--headless"]


# A command instead of a configuration, and headers that it wants beside.
COMMANDS = {
    "LiteLLM": (litellm, lambda upstream: ""),
    "Portkey gateway": (portkey, lambda upstream: (
        "x-portkey-provider: openai\r\n"
        f"x-portkey-custom-host: http://127.0.0.1:{upstream}/v1\r\n")),
}
EVERY = [
    Variant(variants.PLAIN, variants.plain, variants.USUAL, variants.USUAL, plain=True),
    Variant(variants.OURS, variants.tradewind, variants.BOTH, variants.BOTH),
    Variant("AI Protocol Manager", protocol_manager, variants.USUAL, variants.USUAL, plain=True),
    Variant("LiteLLM", None, variants.BOTH, variants.BOTH),
    Variant("Portkey gateway", None, variants.USUAL, variants.USUAL),
]


class Peers(bench.Bench):
    """A run in which some are no Envoy."""

    rate, paced = RATE, PACED

    def works(self, names):
        return [dataclasses.replace(one, count=COUNT) for one in super().works(names)]

    def every(self):
        for variant in EVERY:
            if self.options.variant not in variant.name and variant.name != variants.PLAIN:
                continue
            command = COMMANDS.get(variant.name)
            if command and not command[0](self.setting, self.folder, {"listen": 0}):
                print(f"bench: {variant.name} is not installed, and is passed over: "
                      "`tests/tools/setup.sh peers` brings it", file=sys.stderr)
            else:
                yield variant

    def start(self, variant, workers=1):
        if variant.name not in COMMANDS:
            return super().start(variant, workers)
        ports = bench.ports()
        command = COMMANDS[variant.name][0](self.setting, self.folder, ports)
        return Process(command, self.folder, ports, self.request(variant, work.FIRST))

    def request(self, variant, one):
        of = COMMANDS.get(variant.name)
        return one.request(variant.plain, of[1](self.setting.upstream) if of else "")


if __name__ == "__main__":
    bench.main(Peers, report.peers, __doc__)
