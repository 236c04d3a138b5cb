"""Flow runs that a flow asks deployments for: followed to their end, asked again after a crash, never left alone."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import httpx
from prefect import get_run_logger
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import State
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Cancelling, Failed

from ganline.core.addresses import masked
from ganline.core.errors import UserError

POLL = 2.0  # seconds between two looks at the flow runs
CRASHES = 2
"""Of a machine or its worker, after which a run is asked for again: training then goes on from its checkpoint."""
MISTAKE = "Mistake"
"""Name of the final state of a flow or task run that found something the user must mend."""


AWAY = (httpx.TransportError, httpx.HTTPStatusError)
"""What Prefect's client raises where the server does not answer, or says that it is busy."""


class Request(NamedTuple):
    """What is asked for."""

    deployment: str
    """FLOW/DEPLOYMENT."""
    name: str
    """Of the flow run."""
    parameters: dict[str, Any]


class Answer(NamedTuple):
    """What came of it."""

    id: UUID
    """Of the last flow run that was asked for."""
    state: State
    """Final."""


def mistake(error: UserError | str) -> State:
    """Return the final state of a run that found something the user must mend: it fails, and is not tried again."""
    return Failed(name=MISTAKE, message=masked(str(error)))


def settle(state: State) -> None:
    """Raise what ended a task run; a mistake as the UserError that it was."""
    if state.name == MISTAKE:
        raise UserError(state.message)
    state.result()


def ask(requests: Sequence[Request]) -> list[Answer]:
    """Have deployments run, all at once as far as their pools allow; return how each ended.

    When an exception arrives meanwhile (this run is cancelled, or its worker stops), what was asked for is cancelled
    before it passes on.

    Raises:
        UserError: a deployment is not there.
    """
    running: dict[int, UUID] = {}
    answers: dict[int, Answer] = {}
    crashed = [0] * len(requests)
    with get_client(sync_client=True) as client:
        try:
            for number, request in enumerate(requests):
                running[number] = _submit(request)
            while running:
                for number, id in list(running.items()):
                    state = _state(client, id)
                    if state is None or not state.is_final():
                        continue
                    if state.is_crashed() and crashed[number] < CRASHES:
                        crashed[number] += 1
                        request = requests[number]
                        get_run_logger().warning(f"{request.name} crashed ({state.message}); asking for it again")
                        try:
                            # Asked twice, by an answer that was lost, the server makes one flow run of it.
                            running[number] = _submit(request, key=f"{id} again")
                        except AWAY as error:
                            if isinstance(error, httpx.HTTPStatusError) and not error.response.is_server_error:
                                raise  # it was heard, and refused: asking for ever would not help
                            crashed[number] -= 1  # at the next look
                    else:
                        answers[number] = Answer(running.pop(number), state)
                time.sleep(POLL if running else 0)
        except BaseException:
            for id in running.values():
                try:
                    _cancel(client, id)
                except Exception as error:  # the others are still to be cancelled
                    get_run_logger().warning(f"flow run {id} could not be cancelled: {error}")
            raise
    return [answers[number] for number in range(len(requests))]


def _state(client: SyncPrefectClient, id: UUID) -> State | None:
    """Return a flow run's state; None while the server cannot be asked, which is no reason to give up a training.

    One that somebody has deleted is at its end, too.
    """
    try:
        return client.read_flow_run(id).state
    except ObjectNotFound:
        return Cancelled(message="the flow run was deleted")
    except AWAY as error:
        get_run_logger().warning(f"Prefect's server does not answer ({error}); asking again")
        return None


def _submit(request: Request, key: str | None = None) -> UUID:
    """Ask for a flow run; of those that are asked for with one key the server makes one."""
    try:
        asked: Any = run_deployment(
            name=request.deployment, flow_run_name=request.name, parameters=request.parameters, timeout=0,
            idempotency_key=key,
        )  # fmt: skip
    except ObjectNotFound:
        raise UserError(
            f"this Prefect server has no deployment {request.deployment!r}: `python -m pipelines.serve setup` makes it"
        ) from None
    return asked.id


def _cancel(client: SyncPrefectClient, id: UUID) -> None:
    client.set_flow_run_state(id, Cancelling(message="the run that asked for it has ended"))
