"""The numbers of a run as the page has them: each beside its error and its floor, in groups, written for people."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ganline.evaluation.baselines import BESIDE, scored
from ganline.metrics import naming
from ganline.report.wording import GROUPS, HEADLINES, PAIR_HEADLINES

FLOOR, STDERR, HASH = "floor_", "_stderr", "extractor_weights_sha256"
SHOWN_OF_A_HASH = 12
WORDS = {"label", "group", "better", "ranks", "default", "how_to_read", "measure", "judge"}
"""What a protocol entry says of a number beside how it was made."""
Protocol = Mapping[str, Mapping[str, Any]]


class MetricRow(NamedTuple):
    """One line of the table of metrics."""

    name: str
    label: str
    better: str
    """"lower", "higher", or "" where neither is."""
    note: str
    group: str
    default: bool
    """Whether it is one of those that are made unless others are asked for."""
    value: float
    error: float | None
    """Its standard error."""
    floor: float | None
    """The same metric of real images against real images."""
    baselines: Mapping[str, float]
    """Of a translator: the same metric of those who have learned nothing, by what they do."""
    judge: str
    """In whose features it was made, network and hash; "" where one network alone judged."""


def metric_rows(metrics: Mapping[str, float], protocol: Protocol) -> list[MetricRow]:
    """Return the metrics, each with its standard error and its floor beside it."""
    several = len({entry[HASH] for entry in protocol.values() if HASH in entry}) > 1
    return [_row(name, metrics, protocol.get(name, {}), several) for name in metrics if not _accompanies(name, metrics)]


def _accompanies(name: str, metrics: Mapping[str, float]) -> bool:
    """Return whether a number stands beside another one: its floor, its standard error, or that of a baseline."""
    return name.startswith(BESIDE) or name.removesuffix(STDERR) in metrics.keys() - {name}


def _row(name: str, metrics: Mapping[str, float], entry: Mapping[str, Any], several: bool) -> MetricRow:
    return MetricRow(
        name,
        entry.get("label", words(name)),
        entry.get("better", ""),
        entry.get("how_to_read", ""),
        entry.get("group", "own"),
        entry.get("default", True),
        metrics[name],
        metrics.get(name + STDERR),
        metrics.get(FLOOR + name),
        scored(metrics, name),
        f"{entry['extractor']} {entry[HASH][:SHOWN_OF_A_HASH]}" if several and HASH in entry else "",
    )


def headlines(rows: Sequence[MetricRow], pairs: bool, network: str) -> list[MetricRow]:
    """Return the three rows that stand beside the verdict; others for a translator (`pairs`).

    `network` is that of the judge.
    """
    by_name = {row.name: row for row in rows}
    names = (naming.number(name, network) for name in (PAIR_HEADLINES if pairs else HEADLINES))
    return [by_name[name] for name in names if name in by_name][:3]


def in_groups(rows: Sequence[MetricRow]) -> list[tuple[str, list[MetricRow], list[MetricRow]]]:
    """Return each group's title, its default rows and its other ones, in the order of `wording.GROUPS`."""
    groups = [(title, [row for row in rows if row.group == name]) for name, title in GROUPS.items()]
    return [
        (title, [row for row in inside if row.default], [row for row in inside if not row.default])
        for title, inside in groups
        if inside
    ]


def grouped(protocol: Protocol) -> list[tuple[list[str], Mapping[str, Any]]]:
    """Return each different protocol once, with the names of the metrics that were made under it."""
    groups: list[tuple[list[str], Mapping[str, Any]]] = []
    for name, entry in protocol.items():
        if name.startswith(BESIDE) or "left_out" in entry:
            continue
        facts = {key: value for key, value in entry.items() if key not in WORDS}
        same = next((names for names, known in groups if known == facts), None)
        if same is None:
            groups.append(([name], facts))
        else:
            same.append(name)
    return groups


def left_out(protocol: Protocol) -> dict[str, str]:
    """Return the measures that could not be made of the generated images, each with the reason."""
    return {
        entry["measure"]: entry["left_out"]
        for name, entry in protocol.items()
        if "left_out" in entry and not name.startswith(BESIDE)
    }


def number(value: Any) -> str:
    """Return a value as people write it: four significant digits, thousands set apart, no exponent for large ones."""
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or (isinstance(value, float) and abs(value) >= 1000):
        return f"{value:,.0f}"
    if isinstance(value, list):
        return ", ".join(number(item) for item in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def score(value: float) -> str:
    """Return a metric with as many decimals as are worth reading; a count has none."""
    if isinstance(value, int):
        return f"{value:,}"
    size = abs(value)
    return f"{value:.{1 if size >= 100 else 2 if size >= 1 else 3 if size >= 0.01 or not size else 5}f}"


def words(name: str) -> str:
    """Return an identifier as words: "d_loss" as "D loss"."""
    text = name.replace("_", " ").replace("/", ": ")
    return text[:1].upper() + text[1:]
