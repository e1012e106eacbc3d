"""Ports: the default one when nobody has it, otherwise whichever is free."""

import socket
import sys

HOST = "127.0.0.1"

# Held until the end of this process, and known to other copies of it.
_claims: list[socket.socket] = []


def prefer(port: int) -> int:
    """This port if it is free, or 0: then the process that listens takes any, and says which."""
    return port if _free(port) and _claim(port) else 0


def _free(port: int) -> bool:
    # Envoy shares its port with any other Envoy that asks (SO_REUSEPORT); a plain bind does not.
    with socket.socket() as test:
        test.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            test.bind((HOST, port))
        except OSError:
            return False
        return True


def _claim(port: int) -> bool:
    """Whether no other copy is about to take the port.

    An abstract socket's name is gone with its process: there is no file to clean up.
    """
    if sys.platform != "linux":
        return True
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0tradewind-demo-{port}")
    except OSError:
        claim.close()
        return False
    _claims.append(claim)
    return True
