"""The page of `ganline people`: ways to judge, one trial after the other, and what came of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from nicegui import ui
from nicegui.events import KeyEventArguments

from ganline.core.errors import UserError
from ganline.evaluation.judgements import Judge, Store
from ganline.explorer import results, serving, trials
from ganline.explorer.space import address
from ganline.explorer.trials import TASKS, Exhibit, Task, Trial
from ganline.metrics.judgements import Answer

Kept = TypeVar("Kept")
SCRIPT = Path(__file__).with_name("exposure.js")
PATIENCE = 600
"""Seconds that a trial may take to be shown: a page in the background waits until it is looked at, but no longer."""
STAGE = """<style>
#stage { position: relative; width: 700px; height: 344px; background: #888; }
#stage > * { position: absolute; top: 12px; left: 190px; width: 320px; height: 320px; visibility: hidden; }
#stage.pair > [data-part=first] { left: 20px; } #stage.pair > [data-part=second] { left: 360px; }
#stage > img { image-rendering: pixelated; object-fit: contain; }
#stage > span { font-size: 48px; line-height: 320px; text-align: center; }
</style><div id="stage"><img data-part="first" alt="What is to be judged"><img data-part="second" alt="The other image">
<img data-part="mask" alt="Noise"><span data-part="cross">+</span></div>"""


def serve(exhibit: Exhibit, store: Store, host: str, port: int, browser: bool, ready: Callable[[str], None]) -> None:
    """Serve the page until interrupted: see ganline.explorer.serving.serve.

    Raises:
        UserError: the address or the port cannot be had.
    """
    serving.serve(lambda: Page(exhibit, store), "Judge images", "👀", host, port, browser, ready)


class Page:
    """One person's page."""

    def __init__(self, exhibit: Exhibit, store: Store) -> None:
        """Build it where NiceGUI is building a page."""
        self.exhibit, self.store = exhibit, store
        self.client = ui.context.client  # what is clicked may be gone when a trial is to be shown
        self.judge: Judge | None = None
        self.task: Task | None = None
        self.trial: Trial | None = None
        """What waits for an answer."""
        self.shown: dict[str, float] = {}
        self.serial = 0
        """Of what is being shown: what comes of an earlier one, after a stop or a second click, is dropped."""
        ui.query("body").style("background: #f7f6f3")
        ui.add_head_html(f"<script>{SCRIPT.read_text('utf-8')}</script>")
        ui.keyboard(self.key)
        ui.label("Judge images").classes("text-2xl")
        self.status = ui.label().props("data-testid=status role=status").classes("text-sm text-red-800")
        self.body = ui.column().classes("gap-4")
        if word := self.client.request.query_params.get("judge", ""):
            self.judge = self._told(lambda: self.store.judge(word))
        self.home()

    def home(self) -> None:
        """Show who judges, and the ways to judge."""
        if self.task:
            self.client.run_javascript("exposure.stop()")
        self.serial += 1
        self.task = self.trial = None
        self.body.clear()
        begun = self._told(self._begun) if self.judge else {}
        with self.body:
            ui.label(
                "Nothing is kept about you: answers go under a random word, by which you can go on another time. "
                "Each is kept when it is given."
            ).classes("text-sm")
            with ui.row().classes("items-end"):
                self.word = ui.input("Your word; empty to begin anew", value=self.judge.name if self.judge else "")
                self.word.props("data-testid=word").style("width: 280px")
                ui.button("That is me", on_click=self.enter).props("data-testid=enter flat")
            for task in self.offered():
                self._offer(task, None if begun is None else begun.get(task.name, 0))
            if self.exhibit.epochs:
                self._offer_epochs()
            ui.button("What came of it", on_click=self.outcome).props("data-testid=results flat")

    def offered(self) -> list[Task]:
        """Return the ways to judge that there is enough for."""
        return [task for task in TASKS.values() if task.name != "preference" or len(self.exhibit.runs) > 1]

    def back(self) -> None:
        """Go home because a person wants to."""
        self.status.set_text("")
        self.home()

    def _begun(self) -> dict[str, int]:
        """Return by ways to judge how many answers of this judge count."""
        return {task.name: trials.counted(self._given(task)) for task in self.offered()}

    def _offer(self, task: Task, done: int | None) -> None:
        """Offer a way to judge, of which so many answers are done; None where that cannot be read."""
        with ui.card().classes("w-full"), ui.row().classes("w-full items-center justify-between"):
            with ui.column().classes("gap-0"):
                ui.label(task.title).classes("text-lg")
                ui.label(task.words).classes("text-sm")
            ui.label(f"{'?' if done is None else done} of {task.length}").props(f"data-testid=progress-{task.name}")
            button = ui.button("Go on" if done else "Begin", on_click=lambda: self.begin(task))
            button.props(f"data-testid=begin-{task.name}").set_enabled((done or 0) < task.length)

    def _offer_epochs(self) -> None:
        epochs = self.exhibit.epochs
        assert epochs
        with ui.card().classes("w-full"), ui.row().classes("w-full items-center justify-between"):
            with ui.column().classes("gap-0"):
                ui.label("Which step of the training?").classes("text-lg")
                words = f"The same images at {len(epochs.sheets)} steps, in no order: take the best."
                ui.label(words).classes("text-sm")
                for sentence in self._told(lambda: epochs.said(self.store)) or []:
                    ui.label(sentence).classes("text-sm").props("data-testid=chosen")
            ui.button("Choose", on_click=self.compare).props("data-testid=begin-epoch")

    def compare(self) -> None:
        """Show what each step that was kept draws, to choose from."""
        self.status.set_text("")
        judge, epochs = self._who(), self.exhibit.epochs
        if not judge or not epochs:
            return
        self.body.clear()
        with self.body:
            ui.label("Which looks best?").classes("text-xl")
            with ui.row():
                for place, step in enumerate(epochs.order(judge)):
                    with ui.column().classes("items-center"):
                        picture = ui.element("img").style("width: 320px; image-rendering: pixelated")
                        picture.props["src"], picture.props["alt"] = address(epochs.sheets[step]), f"Choice {place + 1}"
                        take = ui.button("This one", on_click=lambda step=step: self.choose(judge, step))
                        take.props(f"data-testid=take-{place}")
            ui.button("Back", on_click=self.back).props("data-testid=back flat")

    def choose(self, judge: Judge, step: int) -> None:
        """Keep the choice of a step."""
        epochs = self.exhibit.epochs
        assert epochs
        self.status.set_text("")
        self._told(lambda: epochs.choose(self.store, judge, step))
        self.home()

    def _who(self) -> Judge | None:
        """Return who judges, from now on somebody new if need be; None where that cannot be kept, which is told."""
        if not self.judge and (judge := self._told(self.store.new_judge)):
            self._is(judge)
        return self.judge

    def _is(self, judge: Judge) -> None:
        """Go on as a judge, also when the page is loaded anew."""
        self.judge = judge
        self.client.run_javascript(f"history.replaceState(null, '', '?judge={judge.name}')")

    def enter(self) -> None:
        """Go on as the judge whose word was typed, or as a new one."""
        self.judge = None
        self.status.set_text("")
        if self.word.value and (judge := self._told(lambda: self.store.judge(self.word.value))):
            self._is(judge)
        self.home()

    async def begin(self, task: Task) -> None:
        """Begin a way of judging, or go on with it."""
        self.status.set_text("")
        if not (judge := self._who()):
            return
        self.task = task
        self.body.clear()
        with self.body:
            ui.label(task.title).classes("text-xl")
            with ui.row():
                self.progress = ui.label().props("data-testid=progress")
                ui.label(f"You are {judge.name}.").props("data-testid=judge")
            ui.html(STAGE, sanitize=False)
            with ui.row():
                self.buttons = [self._choice(i, *choice) for i, choice in enumerate(task.choices.items(), 1)]
            ui.button("Stop here, and go on another time", on_click=self.back).props("data-testid=stop flat")
        await self.next()

    def _choice(self, number: int, answer: str, words: str) -> ui.button:
        button = ui.button(f"{words} ({number})", on_click=lambda: self.answer(answer))
        button.props(f"data-testid=answer-{answer}").disable()
        return button

    async def next(self) -> None:
        """Show the next trial, or that this was the last."""
        task = self.task
        assert task
        if (given := self._told(lambda: self._given(task))) is None or not (trial := self._following(task, given)):
            self.home()
            return
        late = sum(not answer.on_time for answer in given)
        told = f"; {late} shown too long or too short by this screen, or left without an answer, do not count"
        self.progress.set_text(f"{trials.counted(given)} of {task.length}{told if late else ''}")
        if trial.asked_ms is not None and self._keep(trial, "", {}) is None:
            self.home()  # what is seen for a moment is seen once: it is not shown before that is on the disk
            return
        await self._show(trial)

    def _following(self, task: Task, given: list[Answer]) -> Trial | None:
        """Return what comes after these answers; None at the end, or where it cannot be told, and the page says why."""
        judge, session = self.judge, self.exhibit.session(task.name)
        assert judge
        if (seen := self._told(lambda: self.store.reals_elsewhere(judge, session))) is None:
            return None
        return trials.following(task, self.exhibit, judge, given, seen)

    async def _show(self, trial: Trial) -> None:
        """Show a trial, and let it be answered; what became stale meanwhile is dropped."""
        self.serial += 1
        serial = self.serial
        sources = json.dumps([address(image) for image in trial.images])
        pair = str(len(trial.images) > 1).lower()
        show = f"exposure.show({sources}, {json.dumps(address(trial.mask))}, {json.dumps(trial.asked_ms)})"
        script = f"document.getElementById('stage').classList.toggle('pair', {pair}), {show}"
        try:
            shown = await self.client.run_javascript(script, timeout=PATIENCE)
        except TimeoutError:
            if self.serial == serial and not self.client.is_deleted:
                self.status.set_text(f"Nobody looked at this page for {PATIENCE // 60} minutes: go on when you like.")
                self.home()
            return
        if shown is None or self.serial != serial:
            return
        self.trial, self.shown = trial, dict(shown)
        for button in self.buttons:
            button.enable()

    def _keep(self, trial: Trial, answer: str, shown: dict[str, float]) -> bool | None:
        """Keep an answer, or "" where a trial begins; return whether it had none, or None where that cannot be done."""
        task, judge = self.task, self.judge
        assert task and judge
        kept = trial.answered(judge, task, self.exhibit.session(task.name), answer, shown)
        return self._told(lambda: self.store.record(kept, {run.subject: run.name for run in self.exhibit.runs}))

    async def answer(self, answer: str) -> None:
        """Keep an answer, and go on; of two clicks the first counts."""
        if not (trial := self.trial):
            return
        self.trial = None
        self.status.set_text("")
        if (first := self._keep(trial, answer, self.shown)) is None:
            self.trial = trial  # nothing is lost: another click tries again
            return
        if not first:
            self.status.set_text(
                "That one was answered before, on another page under your word: the first answer stays."
            )
        for button in self.buttons:
            button.disable()
        await self.next()

    async def key(self, event: KeyEventArguments) -> None:
        """Answer by the number of a choice."""
        if event.action.keydown and not event.action.repeat and self.task and event.key.number:
            choices = list(self.task.choices)
            if event.key.number <= len(choices):
                await self.answer(choices[event.key.number - 1])

    def outcome(self) -> None:
        """Show what came of the ways of judging that this judge has finished."""
        self.status.set_text("")
        self.body.clear()
        with self.body:
            for table in self._told(lambda: results.tables(self.store, self.exhibit, self.judge)) or []:
                ui.label(table.title).classes("text-lg")
                columns = [{"name": name, "label": name, "field": name, "align": "left"} for name in table.columns]
                rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
                ui.table(columns=columns, rows=rows).props("flat dense data-testid=table")
                for note in table.notes:
                    ui.label(note).classes("text-sm")
            ui.button("Back", on_click=self.back).props("data-testid=back flat")

    def _given(self, task: Task) -> list[Answer]:
        assert self.judge
        return self.store.given(self.judge, self.exhibit.session(task.name))

    def _told(self, work: Callable[[], Kept]) -> Kept | None:
        """Return what work returns; None where it cannot be done, and the page says why until a person acts."""
        try:
            return work()
        except UserError as error:
            self.status.set_text(str(error))
            return None
