"""The policy that the tests run on: three providers, one model of each, and chains of them."""

import copy
import hashlib

APP_KEY = "app-key-of-acme"
KEYS = {
    "openai": "sk-openai-own",
    "anthropic": "sk-ant-own",
    "google": "AIza-own",
    "ledger": "proxy-token-of-the-tests",
}
# The route that tries everything, in this order.
CHAIN = ["claude", "gpt", "gemini"]
# What their providers call these: models of today.
CLAUDE, GPT, GEMINI = "claude-sonnet-5-5", "gpt-6-sol", "gemini-3.8-flash"
MODELS = dict(zip(CHAIN, (CLAUDE, GPT, GEMINI)))
THINKER, HAIKU = "gpt-6-luna", "claude-haiku-5-5"
# Models that are a route of their own.
ALONE = [*CHAIN, "thinker", "tiny", "plain", "haiku"]


def policy(openai: str, anthropic: str, google: str) -> dict:
    """A policy for providers at these base URLs."""
    able = ["tools", "images", "json_schema", "reasoning"]

    def model(provider: str, name: str, **more) -> dict:
        bounds = {"context_window": 200_000, "max_output_tokens": 8_192, "capabilities": able}
        return {"provider": provider, "name": name, **bounds, **more}

    def provider(dialect: str, endpoint: str, name: str) -> dict:
        return {"dialect": dialect, "endpoint": endpoint, "secret": f"{name}-key"}

    digest = hashlib.sha256(APP_KEY.encode()).hexdigest()
    return {
        "version": "tradewind/v1",
        "identity": [{"api_key": {"keys": [{"sha256": digest, "tenant": "acme"}]}}],
        "limits": {"request": {"max_body_bytes": 4 << 20, "max_messages": 200}},
        "providers": {
            "openai": provider("openai", openai, "openai"),
            "anthropic": provider("anthropic", anthropic, "anthropic"),
            "google": provider("gemini", google, "google"),
        },
        "models": {
            "claude": model("anthropic", CLAUDE),
            "gpt": model("openai", GPT, capabilities=able[:3]),
            "thinker": model("openai", THINKER),
            "gemini": model("google", GEMINI),
            "tiny": model("openai", THINKER, context_window=1_000, max_output_tokens=100),
            "plain": model("anthropic", HAIKU, capabilities=[]),
            # It can be made to call a tool; larger ones of its generation always think.
            "haiku": model("anthropic", HAIKU),
        },
        "chains": {
            "all": CHAIN,
            **{name: [name] for name in ALONE},
            "growing": ["tiny", "gpt"],
            "learning": ["plain", "gpt"],
            "pair": ["gpt", "thinker"],
        },
        "routes": [
            {"models": ["auto"], "chain": "all"},
            *({"models": [name], "chain": name} for name in ALONE),
            {"models": ["growing"], "chain": "growing"},
            {"models": ["learning"], "chain": "learning"},
            {"models": ["pair"], "chain": "pair"},
        ],
        "resilience": {"attempts": 3, "idle_timeout": "2s"},
    }


def broken(good: dict) -> dict:
    """The same with one dangling name."""
    bad = copy.deepcopy(good)
    bad["routes"][0]["chain"] = "nowhere"
    return bad
