"""What the numbers are called that depend on the network in whose features they were made.

FID is the Frechet distance in the features of one network, the Inception of 2015 (Heusel et al. 2017). That of any
other network has another unit, so it has another name. Measures declare such names with a placeholder, once.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

FRECHET, FRECHET_LABEL = "{frechet}", "{Frechet}"
"""Stand in the names and words of measures for what the Frechet distance is called, as a name and as a label."""
INCEPTION_OF_FID = "inception_2015"
OLD = {
    "fid": "frechet",
    "class_fid": "class_frechet",
    "fid_infinity": "frechet_infinity",
    "mifid": "mifrechet",
    "spatial_fid": "spatial_frechet",
}
"""What measures were called before their numbers named the network, and what they are called."""
BY_CLASS = "class_frechet"
"""Of these the one that is asked of who knows the data's classes, where that is the network beside the judge."""
STDERR = "_stderr"

Value = TypeVar("Value")


def frechet(network: str) -> str:
    """Return what the Frechet distance in the features of a network is called."""
    return "fid" if network == INCEPTION_OF_FID else f"frechet_{network}"


def filled(text: str, network: str) -> str:
    """Return the name or the words of a measure, with what its placeholders mean for a network."""
    label = "FID" if network == INCEPTION_OF_FID else f"Frechet distance ({network})"
    return text.replace(FRECHET, frechet(network)).replace(FRECHET_LABEL, label)


def unfilled(label: str, network: str) -> str:
    """Return the label of such a number without the network that it names."""
    return label.replace(f" ({network})", "").replace("FID", "Frechet distance")


def beside(name: str, network: str) -> str:
    """Return the name of a number where this network stands beside the judge: that of its own, or with it behind."""
    if (full := filled(name, network)) != name:
        return full
    stem = name.removesuffix(STDERR)
    return f"{stem}_{network}{name.removeprefix(stem)}"


def beside_words(text: str, network: str) -> str:
    """Return the label or the reading of such a number: it says whose eyes these are."""
    full = filled(text, network)
    if network in full:
        return full
    return f"{full} As {network} sees it." if full.endswith(".") else f"{full} ({network})"


def number(by: str, network: str) -> str:
    """Return the number that is meant by the name of one of the measures that OLD lists, where this network judges.

    Any other name is that of a number, and returned as it is; so is every name where the network is "".
    """
    return by.replace("frechet", frechet(network)) if network and by in OLD.values() else by


def network_of(protocol: Mapping[str, Mapping[str, Any]], by: str = "") -> str:
    """Return the network of the judge under whom a run's numbers were made (not of the one beside it); "" if unsaid.

    With the name of a measure, old or new, that in whose features it was made: BY_CLASS is made by either of the two.
    """
    if OLD.get(by, by) == BY_CLASS:
        for name, entry in protocol.items():
            if entry.get("measure") == BY_CLASS and entry["ranks"] and name.startswith(BY_CLASS):
                return name.removeprefix(f"{BY_CLASS}_")
    return next(
        (entry["extractor"] for entry in protocol.values() if "extractor" in entry and "judge" not in entry), ""
    )


def modern(numbers: Mapping[str, Value], network: str) -> dict[str, Value]:
    """Return numbers of an early run, which called any Frechet distance FID, by the names that they have now.

    Args:
        numbers: by name, those beside them (floor_ and such) too.
        network: in whose features they were made; "" where nobody knows, and then they keep their names.
    """
    if not network:
        return dict(numbers)
    return {re.sub("(^|_|mi)fid(?=_|$)", rf"\1{frechet(network)}", name): each for name, each in numbers.items()}


def renamed(name: str, network: str) -> str:
    """Return what a number by this old name is called now, as a sentence; "" for other names."""
    now = number(OLD.get(name, ""), network)
    if not now or not network or now == name:
        return ""
    return f"FID is the name of one network's Frechet distance ({INCEPTION_OF_FID}); with {network} it is {now}."
