"""One task: its container, started again as its retry policy says."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
import uuid
from collections.abc import Mapping
from typing import Any

from components.errors import ExitCode, InputError
from pipeline.rehearsal.commands import LOGS, command, executor_input
from pipeline.rehearsal.environment import Replaced, environment
from pipeline.rehearsal.events import Listener, TryFailed, TryStarted
from pipeline.rehearsal.outputs import Shown, collected
from pipeline.rehearsal.reading import Step
from pipeline.rehearsal.record import TaskRecord, Try, now
from pipeline.rehearsal.retries import Retries, retries
from pipeline.rehearsal.runtime import Handle, Launch, Place, Runtime

_LAUNCHER_FAILED = int(ExitCode.CRASH)
"""Where the program was fine, and what is around it is not. (The launcher ends with 1, which is a gate's code here.)"""
_NO_PROGRAM = 127
"""What a shell says of a program that cannot be started."""


class Prepared:
    """A step as the driver leaves it: what the container gets is settled before the first try, and the same in all.

    Raises:
        InputError: the documents ask for what the backend cannot do.
    """

    def __init__(self, step: Step, inputs: Mapping[str, Any], place: Place, replaced: Replaced, job: str) -> None:
        self.step = step
        self.place = place
        self.given = executor_input(step, inputs, place)
        self.command = command(step, self.given, place)
        self._variables = environment(step, replaced)
        self._job = job

    def launch(self, number: int) -> Launch:
        """A further try in an empty folder, but for the folders that the launcher makes (prepareOutputFolders)."""
        shutil.rmtree(self.place.folder, ignore_errors=True)
        os.makedirs(self.place.folder)
        for _, outside in self.place.mounts:
            os.makedirs(outside)
            os.chmod(outside, 0o777)
        for name in self.given["outputs"]["artifacts"]:
            _make(self.place.folder, os.path.dirname(self._local(name)))
        open(self._local(LOGS), "wb").close()
        pod = {"KFP_POD_NAME": f"{self.step.name}-{self._job[:8]}-{number}", "KFP_POD_UID": str(uuid.uuid4())}
        return Launch(self.step, self.command, {**self._variables, **pod}, self.place, self.log(number))

    def publish_log(self, number: int) -> None:
        """Leave what a try has printed where KFP gets it from."""
        shutil.copyfile(self.log(number), self._local(LOGS))

    def _local(self, output: str) -> str:
        return self.place.here(self.place.path_of(self.given["outputs"]["artifacts"][output]["artifacts"][0]["uri"]))

    def log(self, number: int) -> str:
        """The file for what that try prints."""
        return f"{self.place.folder}-{number}.log"


def _make(base: str, folder: str) -> None:
    """A folder below `base`, with all between them, which any user may write."""
    if folder != base and not os.path.isdir(folder):
        _make(base, os.path.dirname(folder))
        os.mkdir(folder)
        os.chmod(folder, 0o777)


class Tries:
    """The tries of one task, in the order of time. `stop` ends them from another thread."""

    def __init__(self, prepared: Prepared, runtime: Runtime, listen: Listener) -> None:
        self._prepared = prepared
        self._runtime = runtime
        self._listen = listen
        self._handle: Handle | None = None
        self._stopped = threading.Event()
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Ask the container to end, and start no other."""
        with self._lock:
            self._stopped.set()
            if self._handle:
                self._handle.stop()

    def kill(self) -> None:
        """End the container."""
        with self._lock:
            if self._handle:
                self._handle.kill()

    def run(self, record: TaskRecord) -> TaskRecord:
        """Try until the container succeeds or the policy says no."""
        policy = retries(self._prepared.step.task.retry_policy)
        begin = time.monotonic()
        while not self._stopped.is_set():
            ended, reason, shown = self._one(len(record.tries) + 1, policy, begin)
            record = record.model_copy(update={"tries": (*record.tries, ended)})
            if shown is not None and not self._stopped.is_set():
                # One that was told to end has not done its work, whatever it says.
                return record.model_copy(update={"state": "succeeded", "artifacts": shown})
            elapsed, wait = time.monotonic() - begin, policy.wait(len(record.tries))
            if self._stopped.is_set() or not policy.again(len(record.tries), elapsed):
                break
            self._listen(TryFailed(record.name, ended, reason, wait))
            self._stopped.wait(wait)
        if self._stopped.is_set():
            return record.model_copy(update={"state": "interrupted"})
        return record.model_copy(update={"state": "failed", "reason": reason})

    def _one(self, number: int, policy: Retries, begin: float) -> tuple[Try, str, dict[str, Shown] | None]:
        """One try: how it ended; if it failed, why; if not, what it left."""
        self._listen(TryStarted(self._prepared.step.name, number))
        started, shown = now(), None
        try:
            launch = self._prepared.launch(number)
            code, reason = self._ended(launch, None if number == 1 else policy.left(time.monotonic() - begin))
            if code == 0:
                self._prepared.publish_log(number)
                shown = collected(self._prepared.given, launch.place)
        except (OSError, InputError) as error:
            code, reason = _LAUNCHER_FAILED, str(error)
        return Try(started=started, ended=now(), exit_code=code, log=self._prepared.log(number)), reason, shown

    def _ended(self, launch: Launch, seconds: float | None) -> tuple[int, str]:
        try:
            code = self._run(launch, seconds)
        except OSError as error:
            return _NO_PROGRAM, f"{launch.command[0]} cannot be started: {error}"
        return code, _described(code)

    def _run(self, launch: Launch, seconds: float | None) -> int:
        with self._lock:
            handle = self._handle = self._runtime.start(launch)
            if self._stopped.is_set():
                handle.stop()
        try:
            return handle.wait(seconds)
        except TimeoutError:
            handle.kill()
            return handle.wait()


def _described(code: int) -> str:
    try:
        return f"killed by {signal.Signals(code - 128).name}" if code > 128 else f"exit code {code}"
    except ValueError:
        return f"exit code {code}"
