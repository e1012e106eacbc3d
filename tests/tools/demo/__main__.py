"""`make demo`: a tour on simulated providers. `make run`: the same policy on the real ones."""

import argparse
import importlib
import os
import signal
import sys

import screen
from stack import Stack
from stopping import Stopped, deaf, listen
from trouble import Trouble


def main() -> int:
    """Runs one of the two, and takes everything away again."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the tour")
    parser.add_argument("--real", action="store_true", help="real providers, and no tour")
    options = parser.parse_args()
    once = options.once or os.environ.get("DEMO_ONCE", "0") not in ("", "0")
    name, module = ("run", "real") if options.real else ("demo", "demo")
    # The gateway is on this machine: no proxy stands before it.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    listen()
    stack, code, keep = None, 1, True
    try:
        stack = Stack(name)
        # The SDKs take seconds to load: not before it is known that there is something to run.
        code = importlib.import_module(module).serve(stack, once)
        keep = code != 0
    except Stopped as stopped:
        deaf()
        done = stack is not None and stack.done
        code, keep = 0 if done else 128 + stopped.signal, False
    except BrokenPipeError:
        # Nobody reads any more: `make demo | head`.
        code, keep = 128 + signal.SIGPIPE, False
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Trouble as trouble:
        screen.wrong(f"make {name}: {trouble}")
    finally:
        deaf()
        if stack is not None:
            stack.stop(keep)
    return code


if __name__ == "__main__":
    sys.exit(main())
