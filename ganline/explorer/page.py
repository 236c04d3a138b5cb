"""The page of `ganline explore`. It asks nothing of the network, and its server answers its own page alone."""

from collections.abc import Callable

import numpy as np
from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from ganline.core.errors import UserError
from ganline.explorer import serving
from ganline.explorer.space import Explorable
from ganline.latent.named import Named

TICK = 0.03
"""Seconds between two looks at whether something is to be drawn."""
FARTHEST = 4.0
"""Standard deviations of the prior that a direction can be pushed."""
STRIP = 9
"""Images of the walk."""
PIXELS = "image-rendering: pixelated; background: #888;"
BASES = {"seed": "a random seed", "saved": "a saved latent", "walk": "a walk between two"}


def serve(space: Explorable, host: str, port: int, browser: bool, ready: Callable[[str], None]) -> None:
    """Serve the page until interrupted: see ganline.explorer.serving.serve.

    Raises:
        UserError: the address or the port cannot be had.
    """
    space.picture(space.seeded(0)[None], 0)  # compiles
    serving.serve(lambda: Page(space), f"Explore {space.title}", "🎛️", host, port, browser, ready)


class Page:
    """One person's page."""

    def __init__(self, space: Explorable) -> None:
        """Build it where NiceGUI is building a page."""
        self.space = space
        self.group = next(iter(space.directions))
        self.amounts: list[ui.slider] = []
        self.points: dict[str, Named] = {}
        self.stale: set[str] = set()
        ui.query("body").style("background: #f7f6f3")
        ui.label(space.title).classes("text-2xl")
        for note in space.notes:
            ui.label(note).classes("text-sm text-gray-600")
        with ui.row(wrap=True).classes("w-full gap-8 items-start"):
            self._picture()
            with ui.column().classes("gap-2").style("flex: 1 1 420px; max-width: 720px"):
                self._bases()
                self._conditions()
                self._truncation()
                self._directions()
        self.refresh_points()
        self.stale = {"image", "walk"}
        ui.timer(TICK, self.draw)

    def _picture(self) -> None:
        with ui.column().style("flex: 0 1 340px"):
            self.image = ui.element("img").style(f"width: 320px; {PIXELS}").props('alt="The image of this latent"')
            with ui.row().classes("items-end"):
                self.name = ui.input("Name").props("dense data-testid=name")
                ui.button("Save this latent", on_click=self.save).props("data-testid=save")
            self.hint = ui.label().props("data-testid=hint").classes("text-sm")
            self.status = ui.label().props("data-testid=status role=status").classes("text-sm")

    def _bases(self) -> None:
        ui.label("Start from")
        self.base = ui.radio(BASES, value="seed", on_change=self.changed).props("inline data-testid=base")
        with ui.row().classes("items-end").bind_visibility_from(self.base, "value", value="seed"):
            self.seed = ui.number("Seed", value=0, min=0, max=2**31 - 1, precision=0, on_change=self.changed)
            self.seed.props("data-testid=seed")
            ui.button("Another", on_click=lambda: self.seed.set_value(self._seed() + 1)).props("data-testid=another")
        with ui.row().classes("w-full").bind_visibility_from(self.base, "value", value="saved"):
            self.saved = _choice("Saved latent", "saved", self.choose)
        with ui.column().classes("w-full").bind_visibility_from(self.base, "value", value="walk"):
            with ui.row():
                self.start, self.end = _choice("From", "from", self.changed), _choice("To", "to", self.changed)
            self.position = _slider("Position", 0, 1, 0.01, 0, lambda: self.stale.add("image"))
            with ui.row().classes("gap-1"):
                style = f"width: 56px; {PIXELS}"
                self.strip = [ui.element("img").style(style) for _ in range(STRIP)]
                for step, image in enumerate(self.strip):
                    image.props["alt"] = f"Step {step}"

    def _conditions(self) -> None:
        names = self.space.conditions
        self.label = ui.select(dict(enumerate(names)), label="Class or code", value=0 if names else None)
        self.label.props('data-testid="label"').classes("w-48").on_value_change(self.changed)
        self.label.set_visibility(bool(names))

    def _truncation(self) -> None:
        self.psi = _slider("Truncation: share of the prior", 0, 1, 0.01, 1, self.changed)

    def _directions(self) -> None:
        groups = list(self.space.directions)
        with ui.row().classes("items-end"):
            choice = ui.select(groups, label="Directions", value=self.group, on_change=self.choose_group)
            choice.props("data-testid=group")
            ui.button("Reset", on_click=self.reset).props("flat data-testid=reset")
        self.sliders = ui.column().classes("w-full gap-0")
        self._sliders()

    def _sliders(self) -> None:
        self.sliders.clear()
        with self.sliders:
            names = self.space.directions[self.group].names
            self.amounts = [_slider(name, -FARTHEST, FARTHEST, 0.1, 0, self.changed) for name in names]

    def choose_group(self, event: ValueChangeEventArguments) -> None:
        """Show the sliders of other directions, all at rest."""
        self.group = event.value
        self._sliders()
        self.changed()

    def reset(self) -> None:
        """Bring all directions back to rest, and the truncation to none."""
        for slider in (*self.amounts, self.psi):
            slider.set_value(1 if slider is self.psi else 0)

    def choose(self) -> None:
        """Take a saved latent with its class."""
        point = self.points.get(self.saved.value or "")
        if point and self.space.conditions:
            self.label.set_value(point.label)
        self.changed()

    def latent(self) -> tuple[np.ndarray, str]:
        """Return the latent that the page shows, float32 (L,), and what stands in its way ("" for nothing)."""
        problem, base = "", self.space.seeded(self._seed())
        if self.base.value == "saved":
            if point := self.points.get(self.saved.value or ""):
                base = point.latent
            else:
                problem = "Choose a saved latent; until then this is the random seed's."
        elif self.base.value == "walk":
            if ends := self._ends():
                base = self.space.between(*ends, self.position.value)
            else:
                problem = "Choose two saved latents; until then this is the random seed's."
        return self._moved(base), problem

    def changed(self) -> None:
        """Have the next tick draw everything anew: a hand is faster than a large generator."""
        self.stale = {"image", "walk"}

    def draw(self) -> None:
        """Draw what no longer shows what the controls say."""
        stale, self.stale = self.stale, set()
        label = self.label.value or 0
        if "image" in stale:
            latent, problem = self.latent()
            _show([self.image], self.space.picture(latent[None], label))
            self.hint.set_text(problem)
        if "walk" in stale and self.base.value == "walk" and (ends := self._ends()):
            walk = [self._moved(self.space.between(*ends, place)) for place in np.linspace(0, 1, STRIP)]
            _show(self.strip, self.space.picture(np.stack(walk), label))

    def save(self) -> None:
        """Save the latent that the page shows under the name that was typed."""
        try:
            self.space.save(self.name.value or "", self.latent()[0], self.label.value or 0)
        except UserError as error:
            self.status.set_text(str(error))
            return
        saved = (self.name.value or "").strip()
        self.name.set_value("")
        self.refresh_points()
        self.status.set_text(f"Saved {saved!r} in {self.space.file}.")

    def refresh_points(self) -> None:
        """Read the named latents again."""
        try:
            self.points, others = self.space.points()
        except UserError as error:
            self.points, others = {}, 0
            self.status.set_text(str(error))
        for choice in (self.saved, self.start, self.end):
            choice.set_options(list(self.points))
        if others:
            ui.notify(f"{others} of the latents in {self.space.file} belong to another generator")

    def _ends(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the two ends of the walk; None where they are not chosen yet."""
        start, end = (self.points.get(choice.value or "") for choice in (self.start, self.end))
        return (start.latent, end.latent) if start and end else None

    def _moved(self, base: np.ndarray) -> np.ndarray:
        return self.space.moved(base, self.psi.value, self.group, [slider.value for slider in self.amounts])

    def _seed(self) -> int:
        return int(np.clip(self.seed.value or 0, 0, 2**31 - 2))


def _slider(name: str, low: float, high: float, step: float, value: float, changed: Callable[[], None]) -> ui.slider:
    with ui.row(wrap=False).classes("w-full items-center"):
        ui.label(name).style("width: 190px; overflow-wrap: anywhere")
        slider = ui.slider(min=low, max=high, step=step, value=value)
        slider.props["aria-label"] = name  # `props()` takes text apart, and runs what in a name looks like code
        slider.on_value_change(lambda: changed())
        ui.label().bind_text_from(slider, "value", lambda number: f"{number:+.2f}" if low < 0 else f"{number:.2f}")
    return slider


def _choice(label: str, key: str, changed: Callable[[], None]) -> ui.select:
    choice = ui.select([], label=label, on_change=changed, clearable=True).classes("w-48")
    choice.props["data-testid"] = key
    return choice


def _show(places: list[ui.element], pictures: list[str]) -> None:
    for place, picture in zip(places, pictures, strict=True):
        place.props["src"] = picture
        place.update()
