import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from page_content import COLLAPSED, content, diagnosis, images

from ganline.core.figures import image_grid, write_gif
from ganline.report.charts import CHARTS, LOOKS
from ganline.report.content import Pairs, Sample, Study
from ganline.report.page import charts, evenly, pair_blocks, pair_strip, panel, picture, render, strip


class Outline(HTMLParser):
    """Collects what a reader, a screen reader or the network would meet."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def test_every_metric_stands_beside_its_floor():
    page = render(content())
    rows = {match[1]: match[2] for match in re.finditer(r'<tr data-metric="(\w+)">(.*?)</tr>', page, re.DOTALL)}
    assert list(rows) == ["frechet_classifier", "kid", "recall", "new_score", "latent_edits_success"]
    assert "12.35" in rows["frechet_classifier"] and ">1.50<" in rows["frechet_classifier"]
    assert "0.00123" in rows["kid"] and ">–<" in rows["kid"]
    assert "Read new_score." in rows["new_score"]


def test_what_was_made_of_the_pictures_folders_is_told():
    told = content()
    told.dataset["said"] = ["train/ to train on, <val>/ held out"]  # type: ignore[index]
    assert '<p class="soft">train/ to train on, &lt;val&gt;/ held out</p>' in render(told)


def test_nothing_is_asked_of_the_network():
    page = render(content())
    for _, attributes in Outline(page).tags:
        for name in ("src", "href", "xlink:href", "action", "poster", "srcset"):
            assert attributes.get(name, "#").startswith(("data:", "#"))
    assert not re.search(r"https?://|@import|url\((?!#)", page)


def test_equal_content_gives_equal_bytes():
    assert render(content()) == render(content())


def test_headings_are_in_order_and_every_image_is_described():
    tags = Outline(render(content())).tags
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in zip(levels, levels[1:], strict=False))
    assert all(attributes["alt"] for tag, attributes in tags if tag == "img")
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_names_from_outside_are_text_not_markup():
    page = render(content())
    assert "&lt;b&gt;dog&lt;/b&gt;" in page and "<b>dog</b>" not in page


def test_what_a_run_may_lack_is_left_out():
    lean = dataclasses.replace(
        content(classes=(), steps=()),
        history=pd.DataFrame({"step": [10, 20], "d_loss": [0.5, 0.6], "g_loss": [1.0, 0.9]}),
        extractor={"kind": "inception", "feature_dim": 2048},
        diagnosis=diagnosis(verdict="too_short", title="Too short", confidence=0, evidence=[]),
    )
    page = render(lean)
    assert page.count("<svg") == 1 and 'id="frames"' not in page and "<script" not in page
    assert "The images have no labels." in page


@pytest.mark.parametrize("shape", [(28, 28, 3), (32, 20, 1)])
def test_colour_and_images_that_are_not_square(shape):
    tags = Outline(render(content(shape))).tags
    assert sum(tag == "img" for tag, _ in tags) == 1 + 2 + 3 + 3 + 3


def test_what_the_watch_saw_has_charts_of_its_own_and_gaps_break_no_line():
    history = pd.DataFrame(
        {
            "step": [0, 10, 20, 30],
            "d_loss": [np.nan, 0.5, np.inf, 0.6],
            "probe_frechet": [9.0, np.nan, np.nan, 2.0],
            "probe_coverage": [np.nan] * 4,
            "gradient_norm_critic": [0.0, 2.0, np.nan, 1.0],
        }
    )
    loss, norm, quality = charts([*CHARTS, *LOOKS], history, "minimax")
    assert [chart.title for chart, _ in (loss, norm, quality)] == ["Losses", "Gradients", "Quality"]
    assert loss == charts([loss[0]], history.loc[[1, 3], ["step", "d_loss"]], "minimax")[0]
    # A logarithmic axis has no place for the first gradient, which is zero.
    assert norm == charts([norm[0]], history.loc[[1, 3], ["step", "gradient_norm_critic"]], "minimax")[0]
    assert quality == charts([quality[0]], history.loc[[0, 3], ["step", "probe_frechet"]], "minimax")[0]
    assert "What the samples looked like" in render(dataclasses.replace(content(), history=history))
    assert "What the samples looked like" not in render(content())


def test_a_failing_run_says_since_when_why_and_what_to_do():
    page = render(dataclasses.replace(content(), diagnosis=diagnosis(**COLLAPSED)))
    shown = Outline(page).text
    for text in ("Mode collapse, partial", "Nearly certain (confidence 90 %). Failing since step 50 without a break.",
                 "train.latent_dim is 2A book", "More directions.A paper", "Look at the data.", "its lowest mean",
                 "dvc exp run --no-hydra -S train.latent_dim=100 -S 'train.betas=[0, 1]'"):  # fmt: skip
        assert text in shown
    assert page.count('class="command"') == 1 and "--tone: var(--bad)" in page
    assert page.count(">failing</text>") == page.count(", failing since step 50") == page.count("<svg") == 3


def test_a_healthy_run_has_nothing_to_mend():
    page = render(content())
    assert "--tone: var(--good)" in page and "Nearly certain (confidence 90 %)" in page
    assert not any(text in page for text in ("failing</text>", "Failing since", "What to change", "of the last"))
    unsure = render(dataclasses.replace(content(), diagnosis=diagnosis(verdict="too_short", confidence=0)))
    assert "--tone: var(--ink)" in unsure and "confidence" not in unsure


def test_the_page_says_which_samples_it_shows_and_whether_they_were_looked_at():
    ended = diagnosis(steps=6000, kept_step=5800, ended_early=True, cannot_judge="it draws too slowly")
    page = render(dataclasses.replace(content(), diagnosis=ended))
    for text in ("trained for 6,000 steps", "ended early, after step 6,000.", "are those of step 5,800, not of",
                 "not looked at while it trained: it draws too slowly."):  # fmt: skip
        assert text in page


def test_a_judge_that_knows_nothing_is_told_of_at_the_verdict_and_beside_its_numbers():
    doubt = "the extractor knows little of these images: try extractor.kind=rotation"
    page = render(
        dataclasses.replace(
            content(),
            extractor={"kind": "classifier", "feature_dim": 16, "test_accuracy": 0.0, "doubts": [doubt]},
            diagnosis=diagnosis() | {"doubts": [doubt]},
        )
    )
    verdict, quality = page.index('class="card verdict"'), page.index('<section id="quality">')
    told = [match.start() for match in re.finditer(f"Beware: {doubt}.", page)]
    assert len(told) == 2 and verdict < told[0] < quality < told[1] < page.index('<section id="latent">')


def test_pictures_that_both_splits_hold_are_counted():
    told = "Held out, but also trained on"
    assert told not in render(content())
    repeating = content()
    page = render(dataclasses.replace(repeating, dataset=dict(repeating.dataset) | {"held_out_repeats": 7}))
    assert f"<dt>{told}</dt><dd>7</dd>" in page


def test_how_many_pictures_the_other_side_has_is_told_where_there_are_no_pairs():
    told = "Other side, without pairs"
    assert told not in render(content())
    sides = dict(content().dataset) | {"paired": False, "partner_counts": {"train": 1067, "test": 120}}
    assert f"<dt>{told}</dt><dd>1,067 to train on, 120 held out</dd>" in render(
        dataclasses.replace(content(), dataset=sides)
    )


def test_it_shows_before_it_tells():
    page = render(dataclasses.replace(content(), diagnosis=diagnosis(**COLLAPSED)))
    order = ['class="card verdict"', 'class="headlines"', 'id="compare"', 'class="strip"', "<svg", 'id="why"',
             'id="quality"', 'id="latent"', 'id="parameters"']  # fmt: skip
    places = [page.index(mark) for mark in order]
    assert places == sorted(places)


def test_measures_are_folded_by_group_and_the_default_ones_open():
    usual = content()
    protocol = usual.protocol | {
        "frechet_classifier": {"group": "quality", "default": True},
        "kid": {"group": "quality", "default": False},
        "recall": {"group": "diversity", "default": False},
    }
    page = render(dataclasses.replace(usual, protocol=protocol))
    quality, diversity, own = re.findall(r'<details class="group"(.*?)>\s*<summary>', page)
    assert (quality, diversity, own) == (" open", "", " open")  # nobody says of new_score that it is not
    shown, folded = page[page.index("single images look real") : page.index("variety there")].split("1 more")
    assert 'data-metric="frechet_classifier"' in shown and 'data-metric="kid"' in folded


def test_a_translator_shows_pairs_in_place_of_panels():
    targets = images(9, (8, 8, 3), 4)
    pairs = Pairs(images(9, (4, 4, 1), 5), images(9, (8, 8, 3), 6), targets)
    usual = content((8, 8, 3))
    usual = dataclasses.replace(
        usual, samples=[Sample(9, image_grid(np.stack([pairs.outputs] * 3, 1).reshape(-1, 8, 8, 3), 3))]
    )
    ranked = {"ssim": 0.5, "psnr": 20.0, "l1": 0.1, "lpips": 0.3}
    page = render(dataclasses.replace(usual, pairs=pairs, metrics=usual.metrics | ranked))
    for name in ("Input", "Output", "Target", "Difference"):
        assert page.count(f'<span class="above">{name}</span>') == 2
    assert ">Generated<" not in page and "The same few inputs" in page
    headline = page[page.index('class="headlines"') : page.index('id="compare"')]
    assert re.findall(r"<dt>(.*?)</dt>", headline) == ["Lpips", "Ssim", "L1"]
    first, second = pair_blocks(pairs)
    (_, inputs), (_, outputs), (_, wanted), (name, apart) = first
    assert inputs.shape == outputs.shape and np.array_equal(wanted, image_grid(targets[:5], 1))
    off = np.abs(pairs.outputs.astype(int) - targets)[:5].astype(np.uint8)
    assert name == "Difference" and np.array_equal(apart, image_grid(off, 1))
    assert [column for column, _ in pair_blocks(Pairs(pairs.inputs, pairs.outputs, None))[0]] == ["Input", "Output"]
    assert second[0][1].shape[0] < inputs.shape[0]


def test_a_translator_whose_targets_nobody_knows_promises_none():
    usual = content((8, 8, 3))
    pairs = Pairs(images(9, (8, 8, 3), 5), images(9, (8, 8, 3), 6), None)
    found = {"cycle_l1": 0.05, "kid": 0.2, "baseline_copied_kid": 0.5, "frechet_classifier": 30.0, "hidden_share": 0.9}
    grid = image_grid(np.stack([pairs.outputs] * 2, 1).reshape(-1, 8, 8, 3), 2)
    page = render(dataclasses.replace(usual, pairs=pairs, metrics=found, samples=[Sample(9, grid)]))
    assert ">Target<" not in page and "Input, output, target" not in page and "true partners" not in page
    assert "all are held against the target domain" in page
    headline = page[page.index('class="headlines"') : page.index('id="compare"')]
    assert re.findall(r"<dt>(.*?)</dt>", headline) == ["Kid", "Frechet classifier", "Cycle l1"]


def test_a_part_of_a_study_shows_before_it_tells():
    page = render(content())
    told = page.index("Four of five edits do what they say.")
    assert page.rindex('<div class="figures">', 0, told) < told


def test_the_strip_of_a_translator_stands_between_inputs_and_targets():
    sets = [images(4, (size, size, 3), size) for size in (4, 8, 8)]
    large = [sets[0].repeat(2, 1).repeat(2, 2), *sets[1:]]
    grids = [
        Sample(step, image_grid(np.stack(large, 1).reshape(-1, 8, 8, 3) // (2 - step // 50), 6)) for step in (0, 50)
    ]
    names, columns = zip(*pair_strip(grids, Pairs(*sets)), strict=True)
    assert names == ("input", "0", "50", "target")
    for column, wanted in zip(columns, (large[0], large[1] // 2, large[1], large[2]), strict=True):
        assert np.array_equal(column, image_grid(wanted, 1))
    two = [Sample(0, image_grid(np.stack(large[:2], 1).reshape(-1, 8, 8, 3), 2))]
    assert [name for name, _ in pair_strip(two, Pairs(*sets[:2], None))] == ["input", "0"]
    assert pair_strip([], Pairs(*sets)) == []


def test_what_is_drawn_in_a_style_is_shown_beside_it():
    inputs, styles, outputs = (np.full((4, 8, 8, 3), value, np.uint8) for value in (10, 100, 200))
    sheet = Sample(7, image_grid(np.stack([inputs, styles, outputs], 1).reshape(-1, 8, 8, 3), 6))
    pairs = Pairs(inputs, outputs, None, styles)
    for shown in (pair_strip([sheet], pairs), [(name.lower(), seen) for name, seen in pair_blocks(pairs)[0]]):
        assert [name for name, _ in shown] in (["input", "style", "7"], ["input", "style", "output"])
        for (_, column), given in zip(shown, (inputs, styles, outputs), strict=True):
            assert np.array_equal(column, image_grid(given[: len(column) // 8], 1))
    page = render(dataclasses.replace(content((8, 8, 3)), pairs=pairs, samples=[sheet]))
    assert ">Style<" in page and ">Target<" not in page and "true partners" not in page


def test_a_translators_numbers_stand_beside_who_has_learned_nothing():
    usual = content()
    found = {"l1": 0.1, "l1_stderr": 0.01, "baseline_copied_l1": 0.25, "baseline_copied_l1_stderr": 0.02,
             "baseline_mean_colour_l1": 0.375, "copied_share": 0.0625}  # fmt: skip
    pairs = Pairs(*(images(2, (8, 8, 1), seed) for seed in range(3)))
    page = render(dataclasses.replace(usual, metrics=usual.metrics | found, pairs=pairs))
    rows = {match[1]: match[2] for match in re.finditer(r'<tr data-metric="(\w+)">(.*?)</tr>', page, re.DOTALL)}
    assert [name for name in rows if "l1" in name] == ["l1"] and "0.062" in rows["copied_share"]
    shown = Outline(rows["l1"]).text
    assert all(text in shown for text in ("± 0.010", "0.250the input copied", "0.375the mean colour of the training"))
    headline = page[page.index('class="headlines"') : page.index('id="compare"')]
    assert "the input copied 0.250" in headline and "Held against" in page
    assert "Held against" not in render(usual)


def test_a_class_a_row():
    shown = images(6, (4, 4, 1))
    np.testing.assert_array_equal(panel(shown, conditions=3), image_grid(shown, 2))
    np.testing.assert_array_equal(panel(shown, conditions=6), image_grid(shown, 3))  # one of each: no rows to show
    first_of_rows = strip([Sample(0, image_grid(shown, 2))], (4, 4, 1), by_row=True)[0][1]
    np.testing.assert_array_equal(first_of_rows, image_grid(shown[::2], 1))


def test_a_model_without_adversary_that_redraws_images():
    usual = content()
    other = dataclasses.replace(
        usual,
        params=usual.params | {"train": usual.params["train"] | {"loss": "likelihood"}},
        history=pd.DataFrame({"step": [10, 20], "loss": [3.0, 2.0], "reconstruction": [2.0, 1.5], "kl": [1.0, 0.5]}),
        diagnosis=diagnosis(verdict="not_judged", title="Not judged", confidence=0, evidence=[]),
        metrics=usual.metrics | {"classes_seen": 6, "floor_classes_seen": 10},
        conditions=3,
    )
    page = render(other)
    assert page.count("<svg") == 2
    assert "Not judged" in page and "asked for 3 classes or codes" in page and "One row a class or code" in page
    row = page[page.index('data-metric="classes_seen"') :][:600]
    assert ">6<" in row and ">10<" in row
    assert "classes or codes" not in render(usual)


def test_what_the_study_stage_found_and_what_it_left_out(tmp_path):
    write_gif(tmp_path / "moves.gif", images(3, (8, 10, 1)))
    moving = ((tmp_path / "moves.gif").read_bytes(), {"title": "A loop", "caption": "Round and round."})
    usual = content()
    first, *others = usual.studies[0].parts
    study = Study("latent", [first._replace(figures=[moving]), *others])
    page = render(dataclasses.replace(usual, studies=[study]))
    assert 'width="10" height="8"' in page and "data:image/gif;base64," in page and "Round and round." in page
    shown = Outline(page).text
    told = ("Four of five edits", "slant50 % (45 to 55)", "Edit success", "0.750", "Encoder: it has none")
    assert all(text in shown for text in told)


def test_evenly_keeps_both_ends():
    assert evenly(range(100), 4) == [0, 33, 66, 99]
    assert evenly(range(3), 8) == [0, 1, 2]
    assert evenly([], 8) == []


def test_metrics_stand_in_groups_and_what_is_missing_says_why():
    usual = content()
    protocol = usual.protocol | {
        "recall": {"group": "diversity", "label": "Recall", "better": "higher", "how_to_read": "More is better."},
        "frechet_classifier": {
            "group": "quality",
            "label": "Frechet distance",
            "better": "lower",
            "how_to_read": "Less is better.",
        },
        "ms_ssim": {"group": "diversity", "label": "MS-SSIM", "measure": "diversity", "left_out": "images are tiny"},
    }
    page = render(
        dataclasses.replace(usual, metrics=usual.metrics | {"frechet_classifier_stderr": 0.25}, protocol=protocol)
    )
    assert page.index("do single images look real") < page.index('data-metric="frechet_classifier"')
    assert (
        page.index('data-metric="frechet_classifier"')
        < page.index("variety there")
        < page.index('data-metric="recall"')
    )
    assert "± 0.250" in page and 'data-metric="frechet_classifier_stderr"' not in page
    assert "images are tiny" in page and 'data-metric="ms_ssim"' not in page


def test_heavy_pictures_are_kept_light():
    assert "data:image/png" in picture(np.zeros((500, 500, 3), np.uint8), "flat")
    assert "data:image/jpeg" in picture(images(1, (500, 500, 3))[0], "noise")


def test_a_browser_shows_every_picture_and_logs_nothing(browser, tmp_path):
    from selenium.webdriver.common.by import By

    (tmp_path / "index.html").write_text(render(dataclasses.replace(content(), diagnosis=diagnosis(**COLLAPSED))))
    browser.get((tmp_path / "index.html").as_uri())
    widths = browser.execute_script("return [...document.images].map(image => image.naturalWidth)")
    assert len(widths) == 12 and all(widths)
    for width in (1280, 400):  # nothing may stick out sideways
        browser.set_window_size(width, 900)
        script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert browser.execute_script(script) <= 0
    slider = browser.find_element(By.CSS_SELECTOR, "#player input")
    browser.execute_script("arguments[0].value = 1; arguments[0].dispatchEvent(new Event('input'))", slider)
    shown = [
        frame.get_attribute("data-step")
        for frame in browser.find_elements(By.CSS_SELECTOR, "#frames > div")
        if frame.is_displayed()
    ]
    assert shown == ["50"] and browser.find_element(By.CSS_SELECTOR, "#player output").text == "step 50"
    assert browser.get_log("browser") == []


def test_two_judges_are_named_by_network_and_hash():
    usual = content()
    one, other = (
        {"extractor": kind, "extractor_weights_sha256": sign * 64}
        for kind, sign in (("classifier", "a"), ("squeezenet", "b"))
    )
    protocol = {name: entry | one for name, entry in usual.protocol.items()}
    assert "classifier aaaaaaaaaaaa" not in render(dataclasses.replace(usual, protocol=protocol))
    protocol |= {"kid_squeezenet": other | {"judge": "beside"}}
    metrics, beside = usual.metrics | {"kid_squeezenet": 0.5}, {"kind": "squeezenet", "feature_dim": 512}
    page = render(dataclasses.replace(usual, metrics=metrics, protocol=protocol, beside=beside))
    rows = {match[1]: match[2] for match in re.finditer(r'<tr data-metric="(\w+)">(.*?)</tr>', page, re.DOTALL)}
    assert "<small>classifier aaaaaaaaaaaa</small>" in rows["kid"]
    assert "<small>squeezenet bbbbbbbbbbbb</small>" in rows["kid_squeezenet"]
    assert "The one beside it" in page and 'class="headlines"' in page
    assert "12.35" in page[page.index('class="headlines"') :]  # the judge's, not the other's
