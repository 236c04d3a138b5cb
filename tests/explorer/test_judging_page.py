"""The page of `ganline people` in a headless Chromium, driven by scripted judges of known error rates."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import numpy as np
import pytest
import requests
import waiting
from explorer.serve_people import HOSTILE, exhibit

from ganline.evaluation import measures
from ganline.evaluation.judgements import Judge, Store
from ganline.explorer import results
from ganline.explorer.judging_page import Page
from ganline.explorer.trials import TASKS, following
from ganline.metrics.judgements import CATCH, hear
from ganline.metrics.record import Case

HERE = Path(__file__).parent
JUDGE = """
const [wrong, count, seed, busy, tell] = arguments, shown = [];
let state = seed, last = null;
function random() {  // mulberry32
  state = (state + 0x6D2B79F5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const part = name => document.querySelector(`#stage [data-part=${name}]`);
const frame = () => new Promise(requestAnimationFrame);
(async () => {  // a clock of the test's own: the stamps of the frames in which the image is found visible
  for (let begun = null, at = await frame(); ; at = await frame()) {
    const now = part("first") && getComputedStyle(part("first")).visibility == "visible";
    if (now && begun === null) {
      begun = at;
      if (busy) for (const until = performance.now() + 200; performance.now() < until;);
    }
    if (!now && begun !== null) { shown.push(at - begun); begun = null; }
  }
})();
function looks(image) {  // real images are bright below, generated ones above, noise neither
  const canvas = Object.assign(document.createElement("canvas"), {width: 16, height: 16}), half = [0, 0];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  context.getImageData(0, 0, 16, 16).data.forEach((value, i) => { if (i % 4 == 0) half[+(i >= 512)] += value / 128; });
  return Math.abs(half[0] - half[1]) < 75 ? "noise" : half[1] > half[0] ? "real" : "generated";
}
(async () => {
  for (let done = 0; done < count; ) {
    await frame();
    const image = part("first"), button = document.querySelector("[data-testid^=answer-]");
    if (!image || !button) { if (done) break; continue; }
    if (button.disabled || image.src == last) continue;
    last = image.src;
    const seen = looks(image), right = seen == "noise" ? "generated" : seen;
    const slip = seen != "noise" && random() < wrong;
    const answer = slip ? {real: "generated", generated: "real"}[right] : right;
    document.querySelector(`[data-testid=answer-${answer}]`).click();
    done++;
  }
  while (document.querySelector("[data-testid^=answer-]:not([disabled])")?.offsetParent && part("first").src == last)
    await frame();
  tell(shown);
})();
"""


@pytest.fixture
def server(tmp_path):
    """The address of a page of its own."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    environment = kept | {"PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), str(HERE.parent)])}
    process = subprocess.Popen(
        [sys.executable, HERE / "serve_people.py", tmp_path], stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()  # a page that is killed loses nothing
        process.wait(20)


class Judging:
    """A person at a page."""

    def __init__(self, browser, server):
        self.browser = browser
        browser.set_script_timeout(100)
        waiting.until(lambda: not browser.get(server), "the page")

    def texts(self, name):
        """Read in one go: an element that is drawn anew between finding and reading is stale."""
        script = "return [...document.querySelectorAll(arguments[0])].map(found => found.innerText.trim())"
        return self.browser.execute_script(script, f"[data-testid={name}]")

    def text(self, name):
        return waiting.until(lambda: self.texts(name), name)[0]

    def find(self, name):
        selector = f"[data-testid={name}]"
        return waiting.until(lambda: next(iter(self.browser.find_elements("css selector", selector)), None), name)

    def ready(self, name, then=""):
        """Return whether the element is seen and takes clicks; what is to be done `then` is done in the same go."""
        script = "const found = document.querySelector(arguments[0]), ready = !!found?.offsetParent && !found.disabled;"
        return self.browser.execute_script(f"{script} if (ready) {{ {then} }} return ready", f"[data-testid={name}]")

    def click(self, name):
        waiting.until(lambda: self.ready(name, "found.click()"), name)

    def click_till_drawn_anew(self, name):
        """Click what leads back to itself: a click on what is about to be replaced would be lost."""
        identity = "return document.querySelector(arguments[0])?.id", f"[data-testid={name}]"
        before = self.browser.execute_script(*identity)
        self.click(name)
        waiting.until(lambda: self.browser.execute_script(*identity) not in (None, before), f"another {name}")

    def begin(self, task, word=""):
        if word:
            self.find("word").send_keys(word)
            self.click("enter")
            waiting.until(lambda: self.text(f"progress-{task}")[:1] not in ("", "0"), "the judge's own progress")
        self.click(f"begin-{task}")
        return self.text("judge").removeprefix("You are ").removesuffix(".")

    def judge(self, wrong, count, seed=1, busy=False):
        """Return for how long the scripted judge saw images, in ms."""
        return self.browser.execute_async_script(JUDGE, wrong, count, seed, busy)


def answers(folder, task):
    said = Store(folder / "judgements.db").of(exhibit().runs[0].subject)
    return said, [answer for answer in said.answers if answer.task == task] if said else []


def test_hype_finds_the_error_rate_of_a_judge_who_stops_and_goes_on(server, browser, tmp_path):
    page = Judging(browser, server)
    word = page.begin("hype_infinity")
    page.judge(0.3, 30)
    waiting.until(lambda: len(answers(tmp_path, "hype_infinity")[1]) == 30)
    page = Judging(browser, server)  # half-way the page is gone
    assert page.begin("hype_infinity", word.lower()) == word
    page.judge(0.3, 200, 2)
    waiting.until(lambda: page.text("progress-hype_infinity") == "100 of 100")
    said, given = answers(tmp_path, "hype_infinity")
    assert [answer.trial for answer in given] == list(range(len(given)))
    assert {answer.judge for answer in given} == {word}
    caught = sum(answer.truth == CATCH for answer in given)
    assert len(given) - caught == 100 and given[-1].truth != CATCH
    assert 8 <= caught <= 10  # two in each of five rounds, but of the last round those that come after all others
    found = measures.measure("hype_infinity").compute(Case(None, None, None, None, seed=1, judgements=said))
    assert found["hype_infinity_low"] <= 0.3 <= found["hype_infinity_high"]
    assert found["hype_infinity_high"] - found["hype_infinity_low"] < 0.2
    assert found["hype_infinity_judges_failed"] == 0
    browser.refresh()
    assert page.text("progress-hype_infinity") == "100 of 100"  # whose page it is, is in its address
    page.click("results")
    table = waiting.until(lambda: page.texts("table"))
    assert "HYPE, unlimited time" in table[0] and word in table[1]
    assert browser.execute_script("return window.ran ?? 'nothing'") == "nothing"
    own_origin_alone(browser, server)


def own_origin_alone(browser, server):
    """Nothing is asked of others, and no address says what is real."""
    assert [entry for entry in browser.get_log("browser") if "favicon" not in entry["message"]] == []
    asked = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    addresses = [m["params"]["request"]["url"] for m in asked if m["method"] == "Network.requestWillBeSent"]
    addresses += [m["params"]["url"] for m in asked if m["method"] == "Network.webSocketCreated"]
    places = {place.netloc for place in map(urlsplit, addresses) if place.scheme in ("http", "https", "ws", "wss")}
    assert places == {urlsplit(server).netloc}
    assert not [address for address in addresses if "real" in address or "generated" in address]
    assert requests.get(server, headers={"Host": "elsewhere.example"}, timeout=20).status_code == 403
    assert "default-src 'none'" in requests.get(server, timeout=20).headers["Content-Security-Policy"]


@pytest.mark.slow
def test_exposures_are_what_was_asked_for_or_marked(server, browser, tmp_path):
    page = Judging(browser, server)
    page.begin("rapid_categorisation")
    seen = page.judge(0, 16)
    waiting.until(lambda: len(answers(tmp_path, "rapid_categorisation")[1]) == 16)
    _, given = answers(tmp_path, "rapid_categorisation")
    heard = hear(given)
    for answer, saw in zip(given, seen, strict=False):
        assert answer.frame_ms > 4 and answer.shown_ms > 0  # no screen is faster; a busy machine's is as slow as may be
        # The page's own measure agrees with that of the test, or the trial is marked.
        assert abs(answer.shown_ms - saw) <= answer.frame_ms * 1.5 or not answer.on_time
    for answer in heard.answers:
        assert abs(answer.shown_ms - max(answer.asked_ms, answer.frame_ms)) <= answer.frame_ms
    assert len(heard.answers) >= 4  # on a busy machine some are late
    page.click("stop")
    page = Judging(browser, server)
    page.begin("hype_time")
    page.judge(0, 5)
    times = [a for a in answers(tmp_path, "hype_time")[1] if a.truth != CATCH]
    assert {a.asked_ms for a in times} <= {500, 470, 510} and np.ptp([a.asked_ms for a in times[:3]]) <= 10


def test_a_screen_that_stalls_is_marked(server, browser, tmp_path):
    page = Judging(browser, server)
    page.begin("rapid_categorisation")
    page.judge(0, 4, busy=True)
    waiting.until(lambda: len(answers(tmp_path, "rapid_categorisation")[1]) == 4)
    _, given = answers(tmp_path, "rapid_categorisation")
    assert len(given) == 4 and all(answer.shown_ms for answer in given)
    # 200 ms of standstill: what was to be seen for less is marked.
    assert not [answer for answer in given if answer.asked_ms <= 133 and answer.on_time]


def test_two_judges_at_once_do_not_mix(server, browser, tmp_path):
    one = Judging(browser, server)
    first = one.begin("hype_infinity")
    tab = browser.current_window_handle
    browser.switch_to.new_window("tab")
    other = Judging(browser, server)
    second = other.begin("hype_infinity")
    other.judge(0, 4)
    browser.switch_to.window(tab)
    one.judge(1, 4)
    waiting.until(lambda: len(answers(tmp_path, "hype_infinity")[1]) == 8)
    said, given = answers(tmp_path, "hype_infinity")
    assert {a.judge for a in given if a.wrong} <= {first} and {a.judge for a in given} == {first, second}


def test_pairs_ratings_and_steps_are_judged_by_clicks(server, browser, tmp_path):
    page = Judging(browser, server)
    for task, answer, count in (("preference", "tie", 3), ("rating", "4", 2)):
        page.begin(task)
        while len(said(tmp_path, task)) < count:  # a click before the next trial is there counts for nothing
            page.click(f"answer-{answer}")
            time.sleep(0.3)
        page.click("stop")
    assert {a.answer for a in said(tmp_path, "preference")} == {"tie"}
    assert not page.texts("chosen")
    page.click("begin-epoch")
    page.click("take-1")
    told = waiting.until(lambda: page.texts("chosen"))
    (choice,) = Store(tmp_path / "judgements.db").of(exhibit().epochs.subject).answers
    assert told[0] == f"Chosen: step {choice.answer} by 1." and choice.answer in ("100", "200", "300")
    page.click("results")  # half-way nobody is told what was right
    waiting.until(lambda: results.LATER in browser.execute_script("return document.body.innerText"))
    assert HOSTILE not in browser.page_source
    page.click("back")
    finish(tmp_path, "preference", page.find("word").get_attribute("value"))
    page.click("results")
    tables = waiting.until(lambda: page.texts("table")[2:])
    assert HOSTILE in tables[0] and browser.execute_script("return window.ran ?? 'nothing'") == "nothing"
    assert told[1].endswith(f"dvc exp run --no-hydra -S train.select={choice.answer}")


def finish(folder, task, word):
    """Give the answers that a judge still owes."""
    store, session = Store(folder / "judgements.db"), exhibit().session(task)
    judge = store.judge(word)
    while trial := following(TASKS[task], exhibit(), judge, store.given(judge, session)):
        store.record(trial.answered(judge, TASKS[task], session, trial.right or "first", {}))


def test_what_is_seen_for_a_moment_is_seen_once(server, browser, tmp_path):
    """A page that is loaded anew, or left, before the answer: another image takes the place of the one seen."""
    page, task = Judging(browser, server), "rapid_categorisation"
    word = page.begin(task)
    waiting.until(lambda: page.ready("answer-real"))
    browser.refresh()
    page.begin(task)
    page.click("stop")  # while the cross is on the screen
    page.begin(task)
    page.judge(0, 2)
    store = Store(tmp_path / "judgements.db")
    given = waiting.until(lambda: (found := store.given(store.judge(word), exhibit().session(task)))[3:] and found)
    assert [answer.trial for answer in given[:4]] == [0, 1, 2, 3]
    assert [bool(answer.answer) for answer in given[:4]] == [False, False, True, True]
    assert "left without an answer" in page.text("progress")
    assert [answer.trial for answer in said(tmp_path, task)] == [2, 3]
    assert not any(answer.on_time for answer in given[:2])


def test_a_file_that_cannot_be_read_is_told_and_shows_no_trial(server, browser, tmp_path):
    page, path = Judging(browser, server), tmp_path / "judgements.db"
    word = page.begin("rating")
    page.click("answer-4")
    waiting.until(lambda: len(said(tmp_path, "rating")) == 1)
    whole = path.read_bytes()
    path.write_bytes(b"no database at all, but some text" * 40)
    page.click("answer-4")
    waiting.until(lambda: "is damaged" in page.text("status"))
    page.click("stop")  # home, which reads too, and is there all the same
    assert waiting.until(lambda: page.text("progress-rating")) == "? of 40" and "is damaged" in page.text("status")
    page.click_till_drawn_anew("begin-rating")
    assert page.text("progress-rating") == "? of 40" and "is damaged" in page.text("status")
    path.write_bytes(whole)
    assert page.begin("rating") == word and page.text("status") == ""
    counts = said(tmp_path, "rating")[0].truth != CATCH  # chance decides, for each judge, which trial is a catch
    waiting.until(lambda: page.text("progress") == f"{int(counts)} of 40", "what was judged before")


@pytest.mark.parametrize("stopped", [False, True])
def test_a_page_that_nobody_looks_at_goes_home_unless_it_has_gone_on(tmp_path, stopped):
    """After PATIENCE its buttons would stay dead."""
    told, page = [], object.__new__(Page)

    async def nobody(script, timeout):
        page.serial += stopped  # meanwhile somebody stopped, or began anew
        raise TimeoutError

    page.serial, page.trial = 0, None
    page.client = SimpleNamespace(run_javascript=nobody, is_deleted=False)
    page.status, page.home = SimpleNamespace(set_text=told.append), lambda: told.append("home")
    trial = following(TASKS["rating"], exhibit(), Judge("A", 1), [])
    asyncio.run(page._show(trial))
    assert told == ([] if stopped else ["Nobody looked at this page for 10 minutes: go on when you like.", "home"])
    assert page.trial is None


def said(folder, task):
    return answers(folder, task)[1]
