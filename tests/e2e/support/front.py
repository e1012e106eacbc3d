"""A provider's address behind which another plays in each test, so that one gateway serves all."""

import socket

from .server import Server


class Front(Server):
    """Hands each connection to who is on stage; where nobody is, it closes."""

    def __init__(self):
        self.stage, self.open = None, set()
        super().__init__(self._pass)

    def put(self, provider: Server | None) -> None:
        """This one plays from now on; what the last one keeps open is closed."""
        self.stage = provider
        for connection in self.open.copy():
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has been closed by the gateway

    def _pass(self, connection: socket.socket) -> None:
        if self.stage:
            self.open.add(connection)
            try:
                self.stage.play(connection)
            finally:
                self.open.discard(connection)
