"""How it is stopped: Ctrl-C, a polite kill, or a terminal that closes."""

import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
AGAIN = 0.2


class Stopped(BaseException):
    """Somebody asked for the end."""

    def __init__(self, number: int):
        super().__init__(number)
        self.signal = number


def _stop(number: int, _) -> None:
    # Once is enough: a second Ctrl-C must not interrupt the tidying up.
    _ignore()
    # A destructor, or a library that had just taken a lock, swallows what is raised in it or makes
    # another error of it: it is raised again until it arrives.
    signal.signal(signal.SIGALRM, lambda *_: _raise(number))
    signal.setitimer(signal.ITIMER_REAL, AGAIN, AGAIN)
    _raise(number)


def _raise(number: int) -> None:
    raise Stopped(number)


def _ignore() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def listen() -> None:
    """From now on a signal raises `Stopped`."""
    for number in SIGNALS:
        signal.signal(number, _stop)


def deaf() -> None:
    """From now on nothing does."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    _ignore()
