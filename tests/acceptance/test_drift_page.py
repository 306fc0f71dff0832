"""The report on the taxi spans as a person uses it: in a browser, by keyboard, light and dark, on a narrow screen."""

import json
import pathlib
from collections.abc import Iterator

import jsonschema
import pytest

import components.drift
from components.errors import ExitCode
from pipeline.cli.main import main
from tests.browser import Page, opened

pytestmark = pytest.mark.acceptance
SPANS = pathlib.Path("data/taxi/csv").absolute()
SIZES = [(1280, False), (1280, True), (390, False), (390, True)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A report on spans 2 and 3, and the statistics of span 3."""
    out = tmp_path_factory.mktemp("taxi")
    spans = [str(SPANS / f"span-{span}" / "*.csv") for span in (2, 3)]
    options = ["--schema", "schemas/taxi.pbtxt", "--label", "tips", "--slice", "payment_type", "--rows"]
    assert main(["drift", *spans, *options, "--out", str(out)]) == ExitCode.GATE
    assert main(["stats", spans[1], "--out", str(out)]) == ExitCode.OK
    return out


@pytest.fixture(scope="module")
def drift(folder: pathlib.Path) -> Iterator[Page]:
    with opened(folder / "drift.html") as page:
        yield page


def test_the_json_is_what_its_schema_says(folder: pathlib.Path) -> None:
    schema = json.loads((pathlib.Path(components.drift.__file__).parent / "drift.schema.json").read_text())
    jsonschema.validate(json.loads((folder / "drift.json").read_text()), schema)


@pytest.mark.parametrize("name", ["drift.html", "stats.html"])
def test_no_request_leaves_the_page_and_the_console_stays_empty(folder: pathlib.Path, name: str) -> None:
    with opened(folder / name) as page:
        page.screen(1280)
        page.run("document.querySelectorAll('details').forEach(each => each.open = true)")
        page.picture(whole=True)
        assert page.requests == [(folder / name).as_uri()]
        assert page.complaints == []


def test_a_request_would_be_seen(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """What the test above looks for: a picture from elsewhere, which the page's own policy refuses, and an error."""
    more = "<img src='http://192.0.2.1/x.png'><script>console.error('wrong')</script></main>"
    (tmp_path / "x.html").write_text((folder / "drift.html").read_text().replace("</main>", more))
    with opened(tmp_path / "x.html") as page:
        assert any("wrong" in each for each in page.complaints)
        assert any("Content Security Policy" in each for each in page.complaints)


def test_a_table_sorts_by_keyboard(drift: Page) -> None:
    names = "[...document.querySelectorAll('#table tbody tr')].map(row => row.cells[0].querySelector('a').textContent)"
    worst_first = drift.run(names)
    assert worst_first[0] == "tips"
    drift.run("document.querySelector('#table th button').focus()")
    drift.press("Enter")
    assert drift.run(names) == sorted(worst_first)
    drift.press("Enter")
    assert drift.run(names) == sorted(worst_first, reverse=True)
    drift.press("Tab")
    assert drift.run("document.activeElement.textContent") == "state"
    drift.press(" ")
    assert drift.run(names) == worst_first
    assert drift.run("document.activeElement.closest('th').ariaSort") == "ascending"


def test_the_first_tab_leads_past_everything_to_the_verdict(folder: pathlib.Path) -> None:
    with opened(folder / "drift.html") as page:
        page.press("Tab")
        assert page.run("document.activeElement.textContent") == "Skip to the verdict"
        page.press("Enter")
        assert page.run("location.hash") == "#main"


def test_what_is_typed_filters_table_and_features(drift: Page) -> None:
    drift.run("document.querySelector('input[type=search]').focus()")
    drift.write("Pickup_L")
    shown = "[...document.querySelectorAll('{}')].filter(each => !each.hidden && each.checkVisibility()).length"
    assert drift.run(shown.format("#table tbody tr")) == 2
    assert drift.run(shown.format("#each > details")) == 2
    drift.run(
        "const field = document.querySelector('input[type=search]'); field.value = '';"
        "field.dispatchEvent(new Event('input'))"
    )
    assert drift.run(shown.format("#table tbody tr")) == 18


def test_a_link_to_a_feature_that_is_folded_opens_it(drift: Page) -> None:
    drift.run("[...document.querySelectorAll('#table a')].find(each => each.textContent === 'trip_start_hour').focus()")
    assert not drift.run("document.querySelector(document.activeElement.hash).open")
    drift.press("Enter")
    drift.run("new Promise(done => setTimeout(done, 100))")
    assert drift.run("document.querySelector(document.activeElement.hash || location.hash).open")


@pytest.mark.parametrize(("width", "dark"), SIZES, ids=["light", "dark", "narrow", "narrow and dark"])
@pytest.mark.parametrize("name", ["drift.html", "stats.html"])
def test_nothing_hangs_over_and_all_text_stands_out(folder: pathlib.Path, name: str, width: int, dark: bool) -> None:
    with opened(folder / name) as page:
        page.screen(width, dark=dark)
        page.run("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.run("document.documentElement.scrollWidth") <= width
        assert page.run(_FAINT) == []


_FAINT = """(() => {
  const channels = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll("main *")].filter(each => !each.closest("svg") && each.checkVisibility()
    && [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  return texts.filter(each => {
    const [a, b] = [light(channels(getComputedStyle(each).color)), light(ground(each))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
  }).map(each => each.textContent.trim().slice(0, 40));
})()"""
"""Texts whose contrast is below WCAG's 4.5."""


def test_the_files_are_small(folder: pathlib.Path) -> None:
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert sizes["drift.html"] < 400_000
    assert sizes["stats.html"] < 100_000
    assert sizes["drift.png"] < 200_000
