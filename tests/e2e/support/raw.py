"""HTTP/1.1 by hand, for what no client would send."""

import socket


def read_answer(raw: socket.socket) -> tuple[int, bytes]:
    """One answer with a content-length or in chunks, and not a byte more."""
    stream = raw.makefile("rb")
    status = int(stream.readline().split()[1])
    length, chunked = 0, False
    while line := stream.readline().strip().lower():
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
        chunked |= line == b"transfer-encoding: chunked"
    if not chunked:
        return status, stream.read(length)
    body = b""
    while size := int(stream.readline(), 16):
        body += stream.read(size)
        stream.readline()
    stream.readline()
    return status, body
