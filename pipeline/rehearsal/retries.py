"""When a failed container is started again (argocompiler/container.go; Argo v3.5.14, operator.go, processNodeRetries).

`backoffMaxDuration` is not the longest wait: it becomes Argo's `maxDuration`, which counts from the start of the first
try. After it nothing is tried again, and a further try that still runs then is ended.
"""

from __future__ import annotations

import dataclasses

from pipeline.rehearsal.spec import RetryPolicy


@dataclasses.dataclass(frozen=True)
class Retries:
    """How often, and how long to wait before each."""

    limit: int
    seconds: int
    factor: int
    seconds_of_all: int | None = None
    """That all tries may take together; None is as long as they like."""

    def wait(self, tries: int) -> float:
        """Seconds before the next try, after so many."""
        return float(self.seconds * (self.factor ** (tries - 1) if self.factor > 0 else 1))

    def again(self, tries: int, elapsed: float) -> bool:
        """Whether there is a next try, so long after the start of the first."""
        in_time = self.seconds_of_all is None or elapsed + self.wait(tries) <= self.seconds_of_all
        return tries <= self.limit and in_time

    def left(self, elapsed: float) -> float | None:
        """Seconds that a further try may run; None is as long as it likes."""
        return None if self.seconds_of_all is None else max(0.0, self.seconds_of_all - elapsed)


def retries(policy: RetryPolicy | None) -> Retries:
    """What the backend makes of a task's policy; a task without one is tried once."""
    if policy is None:
        return Retries(limit=0, seconds=0, factor=0)
    return Retries(
        limit=policy.max_retry_count,
        seconds=policy.backoff_duration,
        factor=int(policy.backoff_factor),
        seconds_of_all=policy.backoff_max_duration,
    )
