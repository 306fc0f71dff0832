"""The page, made of literal results."""

from __future__ import annotations

import html.parser
import pathlib
import re
from typing import Any

import numpy as np
import pytest

from components.evaluation_report import result as results
from components.evaluation_report.curves import confusions
from components.evaluation_report.render import direction, render
from components.evaluation_report.result import (
    Cell,
    Check,
    Curve,
    HeadResult,
    Plots,
    Result,
    SliceResult,
    Value,
    failures,
    gate_message,
)
from components.misjudged.result import HeadResult as MisjudgedHead
from components.misjudged.result import Picture, SplitResult
from components.misjudged.result import Result as Misjudged
from components.report.pictures import data_uri
from tests.browser import opened
from tests.pipeline.ml.images.test_decode import encoded


def cell(value: float | None, baseline: float | None = None, spread: float = 0.01) -> Cell:
    """A metric with an interval, beside a baseline where one is given."""
    candidate = Value() if value is None else Value(value=value, low=value - spread, high=value + spread)
    if value is None or baseline is None:
        return Cell(candidate=candidate)
    change = value - baseline
    return Cell(
        candidate=candidate,
        baseline=Value(value=baseline, low=baseline - spread, high=baseline + spread),
        change=Value(value=change, low=change - spread, high=change + spread),
    )


def on(examples: int, auc: Cell, log_loss: Cell, mean_label: Cell, **of: str) -> SliceResult:
    """A slice with all metrics of the head below."""
    metrics = {"auc": auc, "log_loss": log_loss, "mean_label": mean_label}
    return SliceResult(slice=of, examples=examples, metrics=metrics)


LINE = {"candidate": Curve(x=[0.0, 0.4, 1.0], y=[0.0, 0.8, 1.0]), "baseline": Curve(x=[0.0, 1.0], y=[0.0, 1.0])}
BINARY = HeadResult(
    name="tip",
    task="binary",
    classes=["no", "yes"],
    metrics={"auc": "higher", "log_loss": "lower", "mean_label": ""},
    slices=[
        on(1500, cell(0.75, 0.7), cell(0.5, 0.4), cell(0.2, 0.2)),
        on(20, cell(None), cell(0.9), cell(0.0), kind="<b>x</b>"),
        on(300, cell(0.65, 0.66), cell(0.7), cell(0.3), kind="card"),
    ],
    plots=Plots(roc=LINE, pr=LINE, calibration=LINE),
)  # fmt: skip
COUNT: dict[str, Any] = {"metric": "example_count", "head": "tip", "slice": {}, "kind": "lower", "bound": 1}
CHECKS = [
    Check(**COUNT, value=1500, state="passed"),
    Check(metric="auc", head="tip", slice={"kind": "card"}, kind="lower", bound=0.7, value=0.65, state="failed"),
    Check(
        metric="log_loss", head="tip", slice={}, kind="change", bound=0.05, better="lower", value=0.1, state="failed"
    ),
    Check(metric="auc", head="tip", slice={"kind": "<b>x</b>"}, kind="lower", bound=0.5, state="not computable"),
    Check(metric="auc", head="tip", slice={"kind": "none"}, kind="upper", bound=0.9, state="no such slice"),
]


def result(**changes: Any) -> Result:
    fields: dict[str, Any] = {
        "name": "taxi", "split": "eval", "blessed": False, "has_baseline": True, "checks": CHECKS, "heads": [BINARY],
        "notes": ["There is no slice by hour: no example of the eval split has hour."], "model": "store/model/7",
        "baseline": "store/model/3",
    }  # fmt: skip
    return Result(**{**fields, **changes})


class Page(html.parser.HTMLParser):
    """Texts, tags and attributes of a page, and whether its tags close."""

    VOID = frozenset({"meta", "input", "br", "line", "link", "img"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(" ".join(data.split()))


def test_the_verdict_comes_first_and_says_what_missed_by_how_much() -> None:
    page = Page(render(result()))
    assert not page.open
    start = page.texts.index("Rejected")
    assert page.texts[start + 1 : start + 5] == [
        "auc on kind=card is 0.65, required at least 0.7 (missed by 0.05)",
        "log_loss on all examples changed by +0.1, required a change of at most +0.05 (missed by 0.05)",
        "auc on kind=<b>x</b> cannot be computed (one class only, or no spread), required at least 0.5",
        "auc on kind=none: the slice has no examples, required at most 0.9",
    ]
    assert start < page.texts.index("Bounds")


def test_a_first_run_is_blessed_and_says_that_there_was_no_baseline() -> None:
    change = Check(metric="auc", head="tip", slice={}, kind="change", bound=-0.01, better="higher", state="no baseline")
    first = result(blessed=True, has_baseline=False, checks=[CHECKS[0], change], baseline="")
    page = Page(render(first))
    assert "Blessed" in page.texts
    assert "no baseline" in page.texts
    assert any("not checked" in text for text in page.texts)
    assert failures(first) == []
    assert gate_message(first) == ""


def test_the_page_loads_nothing() -> None:
    page = Page(render(result()))
    assert not [each for each in page.attributes if each[1] in ("src", "srcset", "data") or each[0] in ("link", "img")]
    links = [value for _, name, value in page.attributes if name in ("href", "xlink:href")]
    assert all(str(link).startswith("#") for link in links)
    policy = next(value for _, name, value in page.attributes if name == "content" and value and "default-src" in value)
    assert policy.startswith("default-src 'none'")
    assert "@import" not in render(result())
    assert "url(" not in render(result())


def test_text_from_the_data_is_escaped() -> None:
    assert "<b>x</b>" not in render(result())


def test_charts_are_told_to_those_who_cannot_see_them() -> None:
    text = render(result())
    assert text.count('role="img"') == 3
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    for labels in re.findall(r'aria-labelledby="([^"]+)"', text):
        assert set(labels.split()) <= set(ids)
    assert "Area: candidate 0.7500, baseline 0.7000." in text


@pytest.mark.parametrize(
    ("value", "baseline", "better", "expected"),
    [
        (0.75, 0.70, "higher", "good"),
        (0.65, 0.70, "higher", "bad"),
        (0.75, 0.70, "lower", "bad"),
        (0.705, 0.70, "higher", ""),
        (0.75, 0.70, "", ""),
        (0.75, None, "higher", ""),
    ],
)
def test_a_change_is_good_or_bad_only_beyond_its_interval(
    value: float, baseline: float | None, better: str, expected: str
) -> None:
    assert direction(cell(value, baseline), better) == expected


def test_other_tasks_have_their_charts() -> None:
    regression = HeadResult(
        name="fare",
        task="regression",
        classes=[],
        metrics={"rmse": "lower"},
        slices=[SliceResult(slice={}, examples=3, metrics={"rmse": cell(2.0)})],
        plots=Plots(predictions=Curve(x=[1.0, 2.0, 5.0], y=[1.5, 2.0, 4.0])),
    )
    multiclass = regression.model_copy(
        update={
            "name": "kind",
            "task": "multiclass",
            "classes": ["a", "b"],
            "plots": Plots(confusion=[[3.0, 1.0], [0.0, 0.0]]),
        }
    )
    page = Page(render(result(heads=[regression, multiclass], checks=[])))
    assert {"Predictions and labels", "Residuals", "Confusion"} <= set(page.texts)
    shades = [value for _, name, value in page.attributes if name == "style"]
    assert shades == ["--share: 0.75", "--share: 0.25", "--share: 0.0", "--share: 0.0"]


PIXEL = data_uri(encoded(np.zeros((8, 8), np.uint8)))
WRONG = Picture(
    split="eval",
    span=3,
    name="<i>7.png",
    label=0,
    predicted=1,
    score=0.9876,
    label_score=0.0123,
    suspect=True,
    picture=PIXEL,
)
MISJUDGED = Misjudged(
    split="eval",
    heads=[
        MisjudgedHead(
            name="tip",
            worst=[WRONG] * 2,
            splits=[
                SplitResult(split="train", images=2000, misjudged=0, suspects=0, shown=[]),
                SplitResult(split="eval", images=1500, misjudged=20, suspects=12, shown=[WRONG] * 3),
            ],
        )
    ],
)


def test_pictures_come_with_label_prediction_and_place() -> None:
    text = render(result(), misjudged=MISJUDGED)
    page = Page(text)
    assert page.open == []
    assert [value for tag, name, value in page.attributes if (tag, name) == ("img", "src")] == [PIXEL] * 5
    assert {value for _, name, value in page.attributes if name == "alt"} == {"labelled no, predicted yes"}
    assert {"0.988", "yes", "0.012", "<i>7.png, eval, span 3"} <= set(page.texts)
    assert "eval: the first 3 of 20" in page.texts
    assert page.texts.count("confident") == 5
    assert "img-src data:" in text
    assert "<img" not in render(result())


def test_a_class_without_a_name_goes_by_its_id_and_a_head_without_mistakes_says_so() -> None:
    unnamed = WRONG.model_copy(update={"predicted": 7})
    head = MISJUDGED.heads[0].model_copy(update={"worst": [unnamed]})
    assert 'alt="labelled no, predicted 7"' in render(result(), misjudged=Misjudged(split="eval", heads=[head]))
    head = head.model_copy(update={"worst": []})
    text = render(result(), misjudged=Misjudged(split="eval", heads=[head]))
    assert "The model makes no mistake on the eval split." in text


def test_of_many_classes_the_most_frequent_confusions_are_listed() -> None:
    size = 1000
    matrix = np.diag(np.full(size, 50.0))
    matrix[3, 7], matrix[8, 2] = 150, 25
    matrix[20, :100] += 1
    head = BINARY.model_copy(
        update={
            "task": "multiclass",
            "classes": [f"class {number}" for number in range(size)],
            "plots": Plots(confusions=confusions(matrix.tolist())),
        }
    )
    text = render(result(heads=[head]))
    page = Page(text)
    assert page.open == []
    assert len(text) < 100_000
    place = page.texts.index("The most frequent confusions of 1000 classes; the share is that of the actual class.")
    rows = page.texts[place + 5 :]
    assert rows[:8] == ["class 3", "class 7", "150", "75.0 %", "class 8", "class 2", "25", "33.3 %"]


def test_a_result_survives_its_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / results.FILE).write_text(result().model_dump_json())
    assert results.load(str(tmp_path)) == result()


_ROWS = """[...document.querySelectorAll("#table-1 tbody tr")]"""
_BUTTON = """[...document.querySelectorAll("#table-1 th button")].find(each => each.textContent === "examples")"""


@pytest.mark.acceptance
def test_in_a_browser_tables_sort_and_filter_and_the_console_stays_empty(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(render(result(), misjudged=MISJUDGED))
    with opened(path) as page:
        for order in (["20", "300", "1,500"], ["1,500", "300", "20"]):
            page.run(f"{_BUTTON}.click()")
            assert page.run(f"{_ROWS}.map(row => row.cells[1].textContent)") == order
        page.run("document.querySelector('input[type=search]').focus()")
        page.write("card")
        assert page.run(f"{_ROWS}.filter(row => !row.hidden).length") == 1
        # Pictures are written into the page itself.
        assert [each for each in page.requests if not each.startswith("data:")] == [path.as_uri()]
        assert page.complaints == []
