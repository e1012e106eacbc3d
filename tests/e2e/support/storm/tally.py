"""What became of all requests of a storm."""

from collections import Counter
from dataclasses import dataclass, field

from .endings import FAILED, REFUSED, Improper, judge
from .wire import Answer


@dataclass
class Ask:
    """A request: what it says, and what an app may be told.

    `refusals` are statuses that the gateway answers with on purpose. `sure` is whether a model that
    is well is there for it, whatever happens to the others. `number` stands in its text."""

    kind: str
    path: str
    body: dict | bytes
    number: int
    stream: bool = False
    refusals: tuple[int, ...] = ()
    sure: bool = True
    leave: float | None = None


@dataclass
class Tally:
    """Counts endings, and keeps what must not be."""

    # By sort of app and ending.
    endings: Counter = field(default_factory=Counter)
    # By the gateway's id.
    ids: Counter = field(default_factory=Counter)
    # What is no proper ending, and a request that failed for which a model was well.
    improper: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    # The requests whose app waited to the end, by number.
    waited: set[int] = field(default_factory=set)
    cached: int = 0
    # What the weather is now, for those who read of a failure.
    moment: str = "fair"

    def take(self, ask: Ask, answer: Answer) -> tuple[str, dict | None]:
        """Counts an answer; how it ended, and its message."""
        said = f"{ask.kind} {ask.number} in {self.moment}"
        try:
            ending, message = judge(ask.path, ask.stream, answer)
        except Improper as wrong:
            self.endings[ask.kind, "improper"] += 1
            self.improper.append(f"{said}: {wrong}")
            return "improper", None
        if ending == FAILED and answer.status in ask.refusals:
            ending = REFUSED
        elif ending == FAILED and ask.sure:
            self.failed.append(f"{said}: {answer.status} {answer.body.decode()[:300]}")
        self.endings[ask.kind, ending] += 1
        if own := answer.headers.get("x-tradewind-request-id"):
            self.ids[own] += 1
        if answer.headers.get("x-tradewind-cache"):
            self.cached += 1
        if answer.end == "whole":
            self.waited.add(ask.number)
        return ending, message

    def of(self, ending: str) -> int:
        """How many ended so."""
        return sum(count for (_, own), count in self.endings.items() if own == ending)

    def total(self) -> int:
        """All requests."""
        return self.endings.total()
