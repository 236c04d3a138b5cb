"""A value on the command line, section.key=value: taken as `dvc exp run -S` takes it, or refused."""

from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Sweep
from hydra.errors import HydraException

from ganline.core.errors import UserError
from ganline.core.yaml_files import LONGEST, differences, parse, require_utf8, shown

UNREADABLE = object()


def read(override: str) -> tuple[str, Any]:
    """Return the key and the value of "section.key=value", whose value is one to YAML and to Hydra alike.

    `dvc exp run -S` obeys Hydra's grammar, which is not YAML: to it 0x10 and .inf are texts, inf is a number, a,b are
    two values to try, and many a sign, such as & and ', may stand in quotes only. Text that it cannot read is taken
    where YAML takes it as it stands: no letter of it can be meant otherwise.

    Raises:
        UserError: it is not of this form, or YAML and Hydra take the value for different things.
    """
    require_utf8(override)
    key, equals, text = override.partition("=")
    if not equals or not all(key.split(".")) or set(key) & set("[]"):
        raise UserError(f"{shown(override)}: write section.key=value")
    where = f"{key}={text[:LONGEST]}"
    how = f"text goes into quotes of its own, as in '{key}=\"...\"'"
    try:
        value = parse(text, where)
    except UserError as error:
        raise UserError(f"{error}; {how}") from None
    hydra = _by_hydra(text)
    if isinstance(hydra, Sweep):
        raise UserError(f"{where}: several values to try, to Hydra (`dvc exp run -S`); {how}")
    if hydra is UNREADABLE and value != text.strip():
        raise UserError(f"{where}: {shown(value)} to YAML, unreadable to Hydra (`dvc exp run -S`); {how}")
    if hydra is not UNREADABLE and list(differences(value, hydra)):
        raise UserError(f"{where}: {shown(value)} to YAML, {shown(hydra)} to Hydra (`dvc exp run -S`); {how}")
    return key, value


def _by_hydra(text: str) -> Any:
    try:
        return OverridesParser.create().parse_override(f"key={text}").value()
    except (HydraException, RecursionError, ValueError):
        return UNREADABLE
