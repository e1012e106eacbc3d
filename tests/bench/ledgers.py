"""A credit ledger for the bench: the real one, on SQLite, with one rich tenant."""

import re
import subprocess
import sys
import urllib.request


class Ledger:
    def __init__(self, binary, folder):
        self.process = subprocess.Popen(
            [binary, "serve", "--listen", "127.0.0.1:0", "--database", folder / "ledger.db"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"http://\S+", line)
        if not found:
            sys.exit(f"bench: the ledger does not start: {line!r}")
        self.url = found[0]
        request = urllib.request.Request(
            f"{self.url}/v1/tenants/bench/purchases", b'{"credits":"1000000000"}',
            {"content-type": "application/json", "idempotency-key": "bench"})
        urllib.request.urlopen(request, timeout=10).close()

    def stop(self):
        self.process.terminate()
        self.process.wait()
