"""What a worker is told by its job. That it works: test_pool.py."""

from __future__ import annotations

from pipeline.runners import pool_worker


def test_the_folder_with_copies_is_found_among_the_options_of_the_job() -> None:
    options = {"beam:option:experiments:v1": ["beam_fn_api", "millrace_code=/root/beam/code/job"]}
    assert pool_worker._copies(options) == "/root/beam/code/job"
    assert pool_worker._copies({}) == ""
