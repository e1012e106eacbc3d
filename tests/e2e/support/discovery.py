"""A listener in a file that Envoy watches, so that its policy may change."""

import copy
import json
from pathlib import Path


def discovered(bootstrap: dict, listener_file: Path) -> dict:
    """The same bootstrap, with its listener in a file that Envoy watches."""
    bootstrap = copy.deepcopy(bootstrap)
    replace(listener_file, bootstrap["static_resources"].pop("listeners")[0])
    bootstrap["dynamic_resources"] = {
        "lds_config": {
            "resource_api_version": "V3",
            "path_config_source": {"path": str(listener_file)},
        }
    }
    return bootstrap


def replace(file: Path, listener: dict) -> None:
    """Puts a listener in the place of the one that is there, at once."""
    kind = "type.googleapis.com/envoy.config.listener.v3.Listener"
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps({"resources": [{"@type": kind, **listener}]}))
    fresh.rename(file)
