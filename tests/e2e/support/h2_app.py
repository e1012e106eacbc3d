"""An app that speaks HTTP/2 and sees all of it: trailers and resets too."""

import json
import socket

import h2.connection
import h2.events

from .policy import APP_KEY


def ask(url: str, path: str, body: dict) -> tuple[bytes, list, bool]:
    """One request: the answer's body, its trailers, and whether it ended in order."""
    host, port = url.removeprefix("http://").split(":")
    http = h2.connection.H2Connection()
    http.initiate_connection()
    headers = {":method": "POST", ":path": path, ":scheme": "http", ":authority": "gateway"}
    headers |= {"authorization": f"Bearer {APP_KEY}", "content-type": "application/json"}
    http.send_headers(1, list(headers.items()))
    http.send_data(1, json.dumps(body).encode(), end_stream=True)
    text, trailers = b"", []
    with socket.create_connection((host, int(port)), 20) as connection:
        connection.sendall(http.data_to_send())
        while data := connection.recv(1 << 16):
            for event in http.receive_data(data):
                if isinstance(event, h2.events.DataReceived):
                    text += event.data
                    http.acknowledge_received_data(event.flow_controlled_length, 1)
                if isinstance(event, h2.events.TrailersReceived):
                    trailers = list(event.headers)
                if isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                    return text, trailers, isinstance(event, h2.events.StreamEnded)
            connection.sendall(http.data_to_send())
    return text, trailers, False
