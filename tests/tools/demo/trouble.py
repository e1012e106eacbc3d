"""What went wrong, said to a person who has to act on it."""

from pathlib import Path

LINES = 15


class Trouble(Exception):
    """Why there is nothing to show; with the log that tells more, when there is one."""

    def __init__(self, what: str, log: Path | None = None):
        super().__init__(what)
        self.log = log

    def __str__(self) -> str:
        what = super().__str__()
        if self.log is None or not self.log.exists():
            return what
        lines = self.log.read_text(errors="replace").splitlines()[-LINES:]
        said = "".join(f"\n  | {line}" for line in lines) or "\n  | (nothing)"
        return f"{what}\n  its log is {self.log}, and ends with{said}"
