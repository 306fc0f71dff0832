"""Cron expressions: what KFP's parser takes is sent as it reads it, what it refuses is refused before."""

from __future__ import annotations

import pytest

from components.errors import InputError
from pipeline.submission.cron import with_seconds


@pytest.mark.parametrize(
    ("cron", "sent"),
    [
        ("0 6 * * *", "0 0 6 * * *"),
        ("  59 23 31 12  6 ", "0 59 23 31 12 6"),
        ("30 0 7 * * 1-5", "30 0 7 * * 1-5"),
        ("*/15 0-6,12/3 1,15 JAN-mar mon-Fri", "0 */15 0-6,12/3 1,15 JAN-mar mon-Fri"),
        ("05 ?/2 ? * ?", "0 05 ?/2 ? * ?"),
        ("@daily", "@daily"),
    ],
)
def test_what_kfp_takes(cron: str, sent: str) -> None:
    assert with_seconds(cron) == sent


@pytest.mark.parametrize(
    ("cron", "message"),
    [
        ("61 * * * *", "the minute is 0 to 59, .* Received: '61'"),
        ("* 25 * * *", "the hour is 0 to 23, .* Received: '25'"),
        ("* * 0 * *", "the day of the month is 1 to 31, .* Received: '0'"),
        ("* * * 13 *", "the month is 1 to 12 or jan to dec, .* Received: '13'"),
        ("* * * january *", "the month is .* Received: 'january'"),
        ("* * * * 7", "the weekday is 0 to 6 or sun to sat, .* Received: '7'"),
        ("60 * * * * *", "the second is 0 to 59, .* Received: '60'"),
        ("mon * * * *", "the minute is .* Received: 'mon'"),
        ("20-10 * * * *", "the minute is .* Received: '20-10'"),
        ("1-2-3 * * * *", "the minute is .* Received: '1-2-3'"),
        ("*/0 * * * *", "the minute is .* Received: '\\*/0'"),
        ("1/2/3 * * * *", "the minute is .* Received: '1/2/3'"),
        ("1, * * * *", "the minute is .* Received: '1,'"),
        ("-1 * * * *", "the minute is .* Received: '-1'"),
        ("1-60 * * * *", "the minute is .* Received: '1-60'"),
        ("@dayly", "one of @yearly, .* Received: 1 field$"),
        ("0 6 *", "crontab's five fields .* Received: 3 fields$"),
    ],
)
def test_what_kfp_refuses_names_the_field(cron: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as refused:
        with_seconds(cron)
    assert str(refused.value).startswith(f"--cron {cron!r}: ")
