"""Envoy as the process that is measured, and what it has counted itself."""

import json
import re
import subprocess
import sys
import urllib.request

from process import Process


def version(binary):
    told = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    return re.search(r"/(\d+\.\d+\.\d+)/", told.stdout)[1]


# So few requests tell of nothing that is measured.
FEW = 100


class Envoy(Process):
    def __init__(self, binary, bootstrap, folder, ports, first_request, workers=1):
        path = folder / "envoy.json"
        path.write_text(json.dumps(bootstrap))
        command = [binary, "-c", str(path), "--concurrency", str(workers), "--use-dynamic-base-id",
                   "--log-level", "error"]
        super().__init__(command, folder, ports, first_request)

    def counted(self, pattern):
        """The sum of all counters with such a name."""
        url = f"http://127.0.0.1:{self.ports['admin']}/stats?format=json&filter={pattern}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            rows = json.load(answer)["stats"]
        return sum(row["value"] for row in rows if "value" in row)

    def assert_kept(self):
        """Requests are many more than connections, on both sides: else the figures tell of
        connecting. What the cache answers asks hardly anybody."""
        for side, of in (("downstream", "^http.(plain|tradewind)."), ("upstream", "^cluster.")):
            opened = self.counted(f"{of}.*{side}_cx_total$")
            asked = self.counted(f"{of}.*{side}_rq_total$")
            if asked > FEW and opened * 10 > asked:
                sys.exit(f"bench: {opened} connections for {asked} requests {side}")
