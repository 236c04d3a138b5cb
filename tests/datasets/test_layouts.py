"""Source lists of pictures for translators: archives as their authors publish them, OpenMoji, tiles, small animals."""

import gzip
import hashlib
import json
import pickle
import shutil
import tarfile
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.datasets import archives, fluent, openmoji, prepared, sources
from ganline.datasets.prepare import prepare
from ganline.datasets.prepare_pairs import prepare_pairs
from ganline.datasets.prepare_unpaired import prepare_unpaired

LISTS = Path(__file__).parents[2] / "conf/sources"


def picture(path: Path, seed: int, height: int = 8, width: int = 8) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    cv2.imwrite(str(path), cv2.resize(pixels, (width * 4, height * 4)))


def small(name: str, tmp_path: Path, **more) -> Path:
    """Write the project's list with other numbers of pictures, and no source but files by hand."""
    content = yaml.safe_load((LISTS / name).read_text()) | more | {"sources": [{"folder": str(tmp_path / "none")}]}
    (tmp_path / name).write_text(yaml.safe_dump(content, sort_keys=False))
    return tmp_path / name


@pytest.fixture
def apples(tmp_path: Path) -> Path:
    """The archive of CycleGAN's authors with 3 pictures in a folder: apple2orange/trainA/n07740461_10011.jpg."""
    for folder in ("trainA", "trainB", "testA", "testB"):
        for number in range(3):
            picture(tmp_path / f"apple2orange/{folder}/n0774046{number}_1001.jpg", hash((folder, number)) % 2**31)
    (tmp_path / "manual").mkdir()
    with zipfile.ZipFile(tmp_path / "manual/apple2orange.zip", "w") as archive:
        for path in sorted((tmp_path / "apple2orange").rglob("*.jpg")):
            archive.write(path, path.relative_to(tmp_path))
    return tmp_path


def few(name: str) -> dict:
    folders = yaml.safe_load((LISTS / name).read_text())["folders"]
    return {folder: part | {"pictures": 3} for folder, part in folders.items()}


def test_apple2orange_is_two_classes_in_its_authors_split(apples, capsys):
    listing = small("apple2orange.yaml", apples, folders=few("apple2orange.yaml"))
    sources.fetch("apple2orange", listing, apples / "raw", apples / "manual")
    content = capsys.readouterr().out.partition("sha256 ")[2][:64]
    params = compose_params("gan-mnist", ["dataset=apple2orange", "prepare.size=8", "download.source=."])
    facts = prepare(apples / "raw", apples / "out", "apple2orange", params.prepare, 1)
    assert facts["classes"] == ["apples", "oranges"] and facts["counts"] == {"train": 6, "test": 6}

    # Pinned, the same archive is taken and another one is not; unpacked by hand is as good.
    pinned = small("apple2orange.yaml", apples, folders=few("apple2orange.yaml"), sha256=content)
    sources.fetch("apple2orange", pinned, apples / "again", apples / "manual")
    sources.fetch("apple2orange", pinned, apples / "by_hand", apples / "apple2orange")
    picture(apples / "apple2orange/trainA/n07740460_1001.jpg", 99)
    with pytest.raises(UserError, match=f"expected content with sha256 {content}"):
        sources.fetch("apple2orange", pinned, apples / "changed", apples / "apple2orange")


def test_an_archive_that_is_not_whole_is_refused(apples):
    listing = small("apple2orange.yaml", apples)
    with pytest.raises(UserError, match="trainA has 3 pictures, expected 995") as refused:
        sources.fetch("apple2orange", listing, apples / "raw", apples / "manual")
    assert "put apple2orange.zip, or the folders that it holds (trainA, trainB, testA, testB), into" in str(
        refused.value
    )
    cut = (apples / "manual/apple2orange.zip").read_bytes()[:-100]
    (apples / "manual/apple2orange.zip").write_bytes(cut)
    with pytest.raises(UserError, match="cannot be unpacked"):
        sources.fetch("apple2orange", listing, apples / "raw", apples / "manual")
    shutil.rmtree(apples / "apple2orange/testB")
    with pytest.raises(UserError, match="the folder testB is not in it"):
        kept = few("apple2orange.yaml")
        sources.fetch("x", small("apple2orange.yaml", apples, folders=kept), apples / "raw", apples / "apple2orange")
    assert not (apples / "raw").exists()


def test_maps_are_halves_of_files_in_their_authors_split(tmp_path):
    for folder in ("train", "val"):
        for number in range(1, 4):
            picture(tmp_path / f"maps/{folder}/{number}.jpg", number, 6, 12)
    (tmp_path / "manual").mkdir()
    with tarfile.open(tmp_path / "manual/maps.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "maps", "maps")
    listing = small("pix2pix_maps.yaml", tmp_path, folders=few("pix2pix_maps.yaml"))
    sources.fetch("pix2pix_maps", listing, tmp_path / "raw", tmp_path / "manual")
    settings = compose_params("gan-mnist", ["dataset=pix2pix_maps", "prepare.size=8", "download.source=."]).prepare
    facts = prepare_pairs(tmp_path / "raw", tmp_path / "out", "pix2pix_maps", settings, 1)
    assert facts["counts"] == {"train": 3, "test": 3} and facts["classes"] == []
    # As the book cuts and shrinks them: left the photograph, right the map, by OpenCV's default.
    whole = cv2.cvtColor(cv2.imread(str(tmp_path / "maps/val/1.jpg")), cv2.COLOR_BGR2RGB)
    middle = whole.shape[1] // 2
    assert np.array_equal(prepared.read_partners(tmp_path / "out", "test")[0], cv2.resize(whole[:, :middle], (8, 8)))
    assert np.array_equal(prepared.read_split(tmp_path / "out", "test")[0][0], cv2.resize(whole[:, middle:], (8, 8)))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package openmoji of four drawings: one of them a skin tone of another, one a component."""
    table = [
        {"hexcode": "1F34E", "group": "food-drink", "skintone": ""},
        {"hexcode": "1F44B", "group": "people-body", "skintone": ""},
        {"hexcode": "1F44B-1F3FB", "group": "people-body", "skintone": "1"},
        {"hexcode": "1F3FB", "group": "component", "skintone": ""},
    ]
    for folder in ("data", *openmoji.STYLES.values()):
        (tmp_path / "package" / folder).mkdir(parents=True)
    (tmp_path / "package" / openmoji.TABLE).write_text(json.dumps(table))
    square = (
        '<svg viewBox="0 0 72 72" xmlns="http://www.w3.org/2000/svg">'
        '<rect x="18" y="18" width="36" height="36" {}/></svg>'
    )
    for drawing in table:
        for folder, ink in zip(openmoji.STYLES.values(), ('fill="none" stroke="#000"', 'fill="#f00"'), strict=True):
            (tmp_path / "package" / folder / f"{drawing['hexcode']}.svg").write_text(square.format(ink))
    return tmp_path / "package"


def test_openmoji_is_drawn_as_lines_and_in_colour(package, tmp_path):
    listing = small("openmoji.yaml", tmp_path, sha256=openmoji.digest(package), side=24)
    sources.fetch("openmoji_lines", listing, tmp_path / "raw", package)
    files = sorted(str(path.relative_to(tmp_path / "raw")) for path in (tmp_path / "raw").rglob("*.png"))
    assert files == [f"{s}/{f}.png" for s in ("colours", "lines") for f in ("food-drink/1F34E", "people-body/1F44B")]
    drawn = cv2.imread(str(tmp_path / "raw/colours/food-drink/1F34E.png"), cv2.IMREAD_UNCHANGED)
    assert drawn.shape == (24, 24, 4) and drawn[12, 12].tolist() == [0, 0, 255, 255] and drawn[1, 1, 3] == 0
    sources.fetch("openmoji_lines", listing, tmp_path / "food", package, "food-drink")
    assert len(list((tmp_path / "food").rglob("*.png"))) == 2
    with pytest.raises(UserError, match="allowed is null .all. or one of food-drink, people-body"):
        sources.fetch("openmoji_lines", listing, tmp_path / "other", package, "cars")
    (package / "black/svg/1F34E.svg").write_text("<svg")
    with pytest.raises(UserError, match=r"LC_ALL=C sha256sum data/openmoji.json .* must print"):
        sources.fetch("openmoji_lines", listing, tmp_path / "changed", package)
    broken = small("openmoji.yaml", tmp_path, sha256=openmoji.digest(package))
    with pytest.raises(UserError, match="1F34E.svg: cannot be read"):
        sources.fetch("openmoji_lines", broken, tmp_path / "broken", package)


def test_tiles_of_one_ground_leave_out_plain_places(tmp_path):
    (tmp_path / "manual").mkdir()
    ground = np.zeros((20, 33, 3), np.uint8)
    ground[:8, :8] = np.random.default_rng(0).integers(0, 256, (8, 8, 3))  # the one place with anything to see in both
    ground[8:16, 8:16] = np.random.default_rng(1).integers(0, 256, (8, 8, 3))
    plan = cv2.resize(ground, (66, 40), interpolation=cv2.INTER_NEAREST)
    plan[16:32, 16:32] = 7
    for name, pixels in (("bmng.png", ground), ("relief.png", plan)):
        cv2.imwrite(str(tmp_path / "manual" / name), pixels[..., ::-1])
    pins = {f: hashlib.sha256((tmp_path / "manual" / f).read_bytes()).hexdigest() for f in ("bmng.png", "relief.png")}
    names = {"satellite": "bmng.png", "maps": "relief.png"}
    listing = small("blue_marble.yaml", tmp_path, pictures=names, sha256=pins, side=8)
    sources.fetch("blue_marble", listing, tmp_path / "raw", tmp_path / "manual")
    files = sorted((tmp_path / "raw").rglob("*.png"))
    assert [str(path.relative_to(tmp_path / "raw")) for path in files] == ["maps/r00-c00.png", "satellite/r00-c00.png"]
    first, second = (cv2.imread(str(path))[..., ::-1] for path in files)
    assert np.array_equal(first, ground[:8, :8]) and np.array_equal(second, ground[:8, :8])
    with pytest.raises(UserError, match="no tile of 8 x 8 pixels has a standard deviation of 200"):
        plain = small("blue_marble.yaml", tmp_path, pictures=names, sha256=pins, side=8, least_deviation=200.0)
        sources.fetch("blue_marble", plain, tmp_path / "raw2", tmp_path / "manual")
    with pytest.raises(UserError, match=r"sha256 is wanted of exactly bmng.png, relief.png"):
        sources.read(small("blue_marble.yaml", tmp_path, pictures=names, side=8))


def test_digest_of_an_archive_is_what_a_shell_says(tmp_path):
    picture(tmp_path / "train/1.jpg", 1)
    line = f"{hashlib.sha256((tmp_path / 'train/1.jpg').read_bytes()).hexdigest()}  train/1.jpg\n"
    assert archives.digest({"train": [tmp_path / "train/1.jpg"]}) == hashlib.sha256(line.encode()).hexdigest()


OFFICIAL = {
    # As the archives of CycleGAN's authors name the pictures and as many as they hold (Zhu et al. 2017).
    "apple2orange_unpaired": ("apple2orange", {"trainA": 995, "trainB": 1019, "testA": 266, "testB": 248}),
    "horse2zebra": ("horse2zebra", {"trainA": 1067, "trainB": 1334, "testA": 120, "testB": 140}),
}
SYNSETS = {"apple2orange": ("n07740461", "n07749192"), "horse2zebra": ("n02381460", "n02391049")}


@pytest.mark.parametrize("dataset", OFFICIAL)
def test_an_official_archive_is_two_domains_in_its_authors_split(tmp_path, dataset):
    name, counts = OFFICIAL[dataset]
    (tmp_path / "manual").mkdir()
    with zipfile.ZipFile(tmp_path / f"manual/{name}.zip", "w") as archive:
        for folder, count in counts.items():
            synset, brightness = SYNSETS[name]["AB".index(folder[-1])], 40 if folder.endswith("A") else 200
            for number in range(count):
                pixels = np.full((8, 8, 3), brightness, np.uint8)
                pixels[0, 0], pixels[0, 1] = 0, 255
                jpeg = cv2.imencode(".jpg", pixels)[1].tobytes()
                archive.writestr(f"{name}/{folder}/{synset}_{number}.jpg", jpeg)
    params = compose_params("gan-mnist", [f"dataset={dataset}", "prepare.size=8"])
    listing = tmp_path / "list.yaml"
    content = yaml.safe_load((LISTS.parents[1] / params.download.source).read_text())
    listing.write_text(yaml.safe_dump(content | {"sources": [{"folder": str(tmp_path / "none")}]}))
    sources.fetch(params.download.dataset, listing, tmp_path / "raw", tmp_path / "manual")
    facts = prepare_unpaired(tmp_path / "raw", tmp_path / "out", name, params.prepare, 1)
    assert facts["counts"] == {"train": counts["trainB"], "test": counts["testB"]}
    assert facts["partner_counts"] == {"train": counts["trainA"], "test": counts["testA"]}
    # Apples and horses are given, oranges and zebras are to be made of them.
    assert (
        prepared.read_split(tmp_path / "out", "test")[0].mean()
        > 150
        > prepared.read_partners(tmp_path / "out", "test").mean()
    )


@pytest.fixture
def renders(package: Path) -> Path:
    """The package of the renders beside the drawings: of the apple, named with FE0F, and of a skin tone alone."""
    (package / "assets").mkdir()
    for name in ("1f34e-fe0f", "1f44b-1f3fb", "1f600"):
        cv2.imwrite(str(package / f"assets/{name}.webp"), np.full((16, 16, 3), (0, 0, 200), np.uint8))
    return package


def test_drawings_and_renders_of_one_emoji_are_a_pair(renders, tmp_path):
    pin = {"sha256": fluent.digest(renders / "assets"), "sources": [{"folder": str(tmp_path / "none")}]}
    listing = small("openmoji_fluent.yaml", tmp_path, sha256=openmoji.digest(renders), side=24, renders=pin)
    sources.fetch("openmoji_fluent", listing, tmp_path / "raw", renders)
    files = sorted(str(path.relative_to(tmp_path / "raw")) for path in (tmp_path / "raw").rglob("*.*"))
    assert files == ["drawings/food-drink/1F34E.png", "renders/food-drink/1F34E.webp"]
    assert fluent.key("1F441-FE0F-200D-1F5E8-FE0F") == fluent.key("1f441-200d-1f5e8") == "1F441-200D-1F5E8"

    (renders / "assets").rename(tmp_path / "assets")  # the packages may come from different places
    there = small("openmoji_fluent.yaml", tmp_path, sha256=openmoji.digest(renders), side=24)
    with pytest.raises(UserError, match="renders beside them: `LC_ALL=C sha256sum assets/.*must print e9c4f7"):
        sources.fetch("x", small_renders(there, [{"folder": str(tmp_path / "none")}]), tmp_path / "none", renders)
    apart = small_renders(there, [{"folder": "nowhere"}, {"folder": str(tmp_path / "assets")}], pin["sha256"])
    sources.fetch("openmoji_fluent", apart, tmp_path / "apart", renders)
    assert len(list((tmp_path / "apart").rglob("*.webp"))) == 1
    (tmp_path / "assets/1f600.webp").unlink()
    with pytest.raises(UserError, match=f"assets.*expected content with sha256 {pin['sha256']}, found"):
        sources.fetch("openmoji_fluent", apart, tmp_path / "changed", renders)


def small_renders(listing: Path, renders: list[dict], sha256: str | None = None) -> Path:
    """Change where a list's renders come from."""
    content = yaml.safe_load(listing.read_text())
    content["renders"] |= {"sources": renders} | ({"sha256": sha256} if sha256 else {})
    listing.write_text(yaml.safe_dump(content))
    return listing


@pytest.fixture
def animals(tmp_path: Path) -> tuple[Path, Path]:
    """The two pickles of a set of three classes, four pictures each, and the list that pins them."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, 28, 28), np.uint8)
    (tmp_path / "manual").mkdir()
    files = {"animal_data_version_3": pixels, "animal_label_version_3": np.arange(12) // 4}
    pins = {name: hashlib.sha256(pickle.dumps(array)).hexdigest() for name, array in files.items()}
    for name, array in files.items():
        (tmp_path / f"manual/{name}.gz").write_bytes(gzip.compress(pickle.dumps(array)))
    return tmp_path / "manual", small("animal_mnist.yaml", tmp_path, sha256=pins, classes=["dog", "horse", "zebra"])


def test_animals_are_the_domains_that_the_category_names(animals, tmp_path):
    manual, listing = animals
    sources.fetch("animal_mnist", listing, tmp_path / "raw", manual, "horse-zebra")
    files = sorted(str(path.relative_to(tmp_path / "raw")) for path in (tmp_path / "raw").rglob("*.png"))
    assert files == [f"{'horse' if n < 8 else 'zebra'}/{n:05}.png" for n in range(4, 12)]
    pixels = pickle.loads(gzip.decompress((manual / "animal_data_version_3.gz").read_bytes()))
    assert np.array_equal(cv2.imread(str(tmp_path / "raw/zebra/00009.png"), cv2.IMREAD_UNCHANGED), pixels[9])
    settings = compose_params("gan-mnist", ["dataset=animal_mnist"]).prepare
    facts = prepare_unpaired(tmp_path / "raw", tmp_path / "out", "animal_mnist", settings, 1)
    assert facts["counts"] == facts["partner_counts"] == {"train": 3, "test": 1}
    sources.fetch("animal_mnist", listing, tmp_path / "all", manual)
    assert {path.name for path in (tmp_path / "all").iterdir()} == {"dog", "horse", "zebra"}
    for category in ("horse-lion", "horse-horse", ""):
        with pytest.raises(UserError, match="allowed is null .all. or some of dog, horse, zebra, joined by dashes"):
            sources.fetch("animal_mnist", listing, tmp_path / "none", manual, category)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.arange(12), r"expected as many class numbers, 0 to 2, as pictures of uint8, found uint8 .12, 28, 28. and"),
        (np.arange(11) // 4, r"expected as many class numbers"),
        ([0] * 12, r"expected class numbers in 1 axes, found list"),
        (Path("run me"), r"cannot be read .*only numpy arrays are allowed"),
    ],
)
def test_pickles_of_something_else_are_refused_and_run_no_code(animals, tmp_path, labels, words):
    manual, listing = animals
    content = yaml.safe_load(listing.read_text())
    content["sha256"]["animal_label_version_3"] = hashlib.sha256(pickle.dumps(labels)).hexdigest()
    listing.write_text(yaml.safe_dump(content))
    (manual / "animal_label_version_3.gz").write_bytes(gzip.compress(pickle.dumps(labels)))
    with pytest.raises(UserError, match=words):
        sources.fetch("animal_mnist", listing, tmp_path / "raw", manual, "horse-zebra")
    assert not (tmp_path / "raw").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "change", "category", "count"),
    [
        ("animal_mnist", {}, "horse-zebra", 2000),
        ("openmoji_fluent", {"side": 32}, "food-drink", 2 * 128),
        ("cartoon_faces", {"side": 32, "count": 8}, None, 4 * 8),
    ],
)
def test_the_package_managers_bring_the_real_sides(tmp_path, name, change, category, count):
    content = yaml.safe_load((LISTS / f"{name}.yaml").read_text()) | change
    (tmp_path / "list.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    sources.fetch(name, tmp_path / "list.yaml", tmp_path / "raw", tmp_path / "manual", category)
    assert len([path for path in (tmp_path / "raw").rglob("*.*") if path.is_file()]) == count
