"""What was measured, round by round, and the one figure that is made of many rounds."""

import collections
import statistics


class Figures:
    """Lists of rounds of all processes, by variant and work."""

    def __init__(self):
        lists = lambda: collections.defaultdict(list)
        # Microseconds: CPU for each request or chunk; the same, and latency, at a fixed rate.
        self.cpu, self.paced_cpu, self.p50, self.p99 = lists(), lists(), lists(), lists()
        # By variant: seconds; and bytes, by what they are of.
        self.ready, self.memory = lists(), collections.defaultdict(lists)


def lowest_fifth(rounds):
    """The mean of the lowest fifth: what else the machine does only ever adds."""
    if not rounds:
        return None
    return statistics.fmean(sorted(rounds)[: max(1, len(rounds) // 5)])
