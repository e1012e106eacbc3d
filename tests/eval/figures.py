"""What decisions come to: the definitions of the study and of RouteLLM."""
from collections import defaultdict


def apgr(rows, score):
    """The mean part of the gap that is won back, over all shares of premium answers, by tenths."""
    ranked = sorted(rows, key=lambda row: -score[row["id"]])
    total = sum(row["premium"] - row["budget"] for row in ranked)
    area = before = 0.0
    for tenth in range(1, 11):
        premium = ranked[: len(ranked) * tenth // 10]
        share = sum(row["premium"] - row["budget"] for row in premium) / total
        area += (before + share) / 20
        before = share
    return area


def cost(row, which, ratio):
    """A token of an answer costs four times one of a question."""
    answer = row.get(f"{which}_tokens", 300.0)
    dear = row["input_tokens"] + 4 * answer
    return dear if which == "premium" else dear / ratio


def saved(rows, budget, ratio):
    """The share of the spend that is saved where the budget model answers these ids."""
    premium = sum(cost(row, "premium", ratio) for row in rows)
    spent = sum(cost(row, "budget" if row["id"] in budget else "premium", ratio) for row in rows)
    return 1 - spent / premium


def quality(rows, budget):
    """The change of the mean quality, and its interval, rows of one prompt taken as one."""
    change = [-(r["premium"] - r["budget"]) if r["id"] in budget else 0.0 for r in rows]
    mean = sum(change) / len(change)
    clusters = defaultdict(float)
    for row, own in zip(rows, change):
        clusters[row["prompt"]] += own - mean
    error = sum(own * own for own in clusters.values()) ** 0.5 / len(rows)
    return mean, mean - 1.96 * error, mean + 1.96 * error
