import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import requests
from explorer.serve_toy import HOSTILE, explorable

from ganline.core.errors import UserError
from ganline.explorer.space import coordinates
from ganline.latent import named

HERE = Path(__file__).parent


def test_a_latent_is_truncated_then_pushed(tmp_path):
    space = explorable(tmp_path)
    latent = space.seeded(3)
    assert np.array_equal(space.moved(latent, 1, "boundaries", [0, 0]), latent)
    pushed = space.moved(latent, 0, "boundaries", [1.5, -2])
    np.testing.assert_allclose(pushed, [1.5, -2] + [0] * 10, atol=1e-6)
    assert np.array_equal(space.between(latent, pushed, 0), latent)
    assert np.array_equal(space.between(latent, pushed, 1), pushed)
    assert coordinates(3).values.shape == (3, 3) and len(coordinates(100).names) == 8


def test_saved_latents_are_those_of_params_yaml(tmp_path):
    space = explorable(tmp_path)
    assert space.points() == ({}, 0)
    space.save(" mine ", space.seeded(1), 1)
    space.save("other", space.seeded(2), 0)
    assert (
        np.array_equal(named.read(space.file)["mine"].latent, space.seeded(1)) and space.points()[0]["mine"].label == 1
    )
    with pytest.raises(UserError, match="already holds a latent called 'mine'"):
        space.save("mine", space.seeded(5), 0)
    with pytest.raises(UserError, match="needs a name"):
        space.save("  ", space.seeded(5), 0)
    assert np.array_equal(named.read(space.file)["mine"].latent, space.seeded(1))
    strange = {"short": named.Named(np.ones(3, np.float32), 0), "class 7": named.Named(space.seeded(1), 7)}
    named.write(space.file, named.read(space.file) | strange)
    assert list(space.points()[0]) == ["mine", "other"] and space.points()[1] == 2


def test_a_port_that_is_taken_is_said():
    from ganline.explorer import serving

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"cannot listen on 127.0.0.1, port {port}: Address already in use"):
            serving.free_port("127.0.0.1", port)
    assert serving.free_port("127.0.0.1", 0) > 0


def test_an_empty_host_does_not_open_the_page_to_all():
    from ganline.explorer import serving

    with pytest.raises(UserError, match="--host is empty"):
        serving.free_port("", 0)


@pytest.fixture
def server(tmp_path):
    """The address of a page of its own."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    environment = kept | {"PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), str(HERE.parent)])}
    process = subprocess.Popen(
        [sys.executable, HERE / "serve_toy.py", tmp_path],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=tmp_path,
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(20)


def test_a_person_drags_saves_and_walks(server, browser, tmp_path):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.wait import WebDriverWait

    wait, space = WebDriverWait(browser, 120), explorable(tmp_path)

    def find(selector):
        return wait.until(lambda _: next((e for e in browser.find_elements(By.CSS_SELECTOR, selector)), None))

    def named_control(name):
        return find(f"[data-testid={name}]")

    def shows(latent, label=0, selector="img[alt='The image of this latent']"):
        expected = space.picture(latent[None], label)[0]
        wait.until(lambda _: find(selector).get_attribute("src") == expected)

    def says(text, place="status"):
        wait.until(lambda _: text in named_control(place).text)

    def slide(name, to, step):
        """Press arrow keys until the slider says so and stays: on a busy machine the page loses some of many."""
        seen = []
        while seen[-2:] != [to, to]:
            slider = find(f".q-slider[aria-label='{name}']")
            seen.append(float(slider.get_attribute("aria-valuenow")))
            missing = round((to - seen[-1]) / step)
            keys = (Keys.ARROW_RIGHT if missing > 0 else Keys.ARROW_LEFT) * abs(missing)
            slider.find_element(By.CSS_SELECTOR, "[tabindex='0']").send_keys(keys)
            time.sleep(0.5)

    def pick(control, text):
        named_control(control).click()
        wait.until(lambda _: [e for e in browser.find_elements(By.CSS_SELECTOR, ".q-menu .q-item") if e.text == text])
        next(e for e in browser.find_elements(By.CSS_SELECTOR, ".q-menu .q-item") if e.text == text).click()
        wait.until(lambda _: not browser.find_elements(By.CSS_SELECTOR, ".q-menu"))

    def start_from(text):
        next(e for e in browser.find_elements(By.CSS_SELECTOR, "[data-testid=base] .q-radio") if text in e.text).click()

    wait.until(lambda _: not browser.get(server))
    shows(space.seeded(0))
    slide("more slant", 1.2, 0.1)
    one = space.moved(space.seeded(0), 1, "boundaries", [1.2, 0])
    shows(one)
    named_control("name").send_keys("one")
    named_control("save").click()
    says("Saved 'one'")
    named_control("reset").click()
    shows(space.seeded(0))
    named_control("another").click()
    shows(space.seeded(1))
    slide("Truncation: share of the prior", 0.6, 0.01)
    two = space.moved(space.seeded(1), 0.6, "boundaries", [0, 0])
    shows(two)
    pick("label", "holes")
    shows(two, 1)
    named_control("save").click()
    says("needs a name")
    named_control("name").send_keys("two")
    named_control("save").click()
    says("Saved 'two'")
    kept = named.read(tmp_path / "latents.json")
    np.testing.assert_allclose(kept["two"].latent, two, atol=1e-6)
    assert kept["two"].label == 1 and np.array_equal(kept["one"].latent, one)
    named_control("reset").click()
    start_from("a saved latent")
    says("Choose a saved latent", "hint")
    pick("saved", "one")
    shows(one)  # with its class
    start_from("a walk between two")
    says("Choose two", "hint")
    pick("from", "one")
    pick("to", "two")
    slide("Position", 0.3, 0.01)
    shows(space.between(kept["one"].latent, kept["two"].latent, 0.3))
    shows(kept["two"].latent, 0, "img[alt='Step 8']")
    pick("group", "folders")
    assert find(".q-slider[aria-label^=x]").get_attribute("aria-label") == HOSTILE
    assert browser.execute_script("return window.ran ?? 'nothing'") == "nothing"
    pick("group", "numbers")
    wait.until(lambda _: len(browser.find_elements(By.CSS_SELECTOR, ".q-slider[aria-label^=z]")) == 12)
    assert [entry for entry in browser.get_log("browser") if "favicon" not in entry["message"]] == []
    asked = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    addresses = [m["params"]["request"]["url"] for m in asked if m["method"] == "Network.requestWillBeSent"]
    addresses += [m["params"]["url"] for m in asked if m["method"] == "Network.webSocketCreated"]
    places = {
        address.netloc for address in map(urlsplit, addresses) if address.scheme in ("http", "https", "ws", "wss")
    }
    assert places == {urlsplit(server).netloc}
    assert requests.get(server, timeout=20).ok
    assert requests.get(server, headers={"Host": "elsewhere.example"}, timeout=20).status_code == 403
    assert "default-src 'none'" in requests.get(server, timeout=20).headers["Content-Security-Policy"]


def test_another_page_gets_no_word_in(server, browser, elsewhere):
    """Neither by a request, nor by the websocket that moves the sliders."""
    socket = f"ws://{urlsplit(server).netloc}/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    opens = f"new Promise((yes, no) => Object.assign(new WebSocket('{socket}'), {{onopen: yes, onerror: no}}))"
    assert elsewhere(f"fetch('{server}')") == elsewhere(opens) == "refused"
    browser.get(f"http://{urlsplit(elsewhere.web).hostname}:{urlsplit(server).port}")  # a name made to lead here
    assert "this server is not called" in browser.page_source
    browser.get(server)
    assert elsewhere.outcome(opens) == elsewhere.outcome(f"fetch('{server}')") == "done"  # as for its own page
