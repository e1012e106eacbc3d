"""How it is stopped: Ctrl-C, a polite kill, or a terminal that closes."""

import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked for the end."""

    def __init__(self, number: int):
        super().__init__(number)
        self.signal = number


def _stop(number: int, _) -> None:
    # Once is enough: a second Ctrl-C must not interrupt the tidying up.
    deaf()
    raise Stopped(number)


def listen() -> None:
    """From now on a signal raises `Stopped`."""
    for number in SIGNALS:
        signal.signal(number, _stop)


def deaf() -> None:
    """From now on nothing does."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
