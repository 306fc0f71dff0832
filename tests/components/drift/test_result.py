"""What other versions wrote of findings."""

from components.drift.result import Comparisons

OLD = """{"span": 2, "comparisons": [{"name": "previous", "title": "2 against 1", "state": "drift", "verdict": "Drift",
  "page": "previous/drift.html", "sources": ["a", "b"], "findings": [{"feature": "x", "role": "feature",
  "slice": "shop_b", "measure": "PSI", "value": 0.51, "threshold": 0.2}]}]}"""


def test_findings_from_before_they_had_a_text_are_read() -> None:
    [found] = Comparisons.model_validate_json(OLD).comparisons
    assert [each.line for each in found.findings] == ["x in shop_b: PSI 0.51, more than 0.2"]
