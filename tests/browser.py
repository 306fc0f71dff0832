"""A page in headless Chromium, driven as a person would: by keys, on a screen of any size, in light or dark.

Chromium is spoken to in its own protocol (https://chromedevtools.github.io/devtools-protocol).
"""

from __future__ import annotations

import base64
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import websocket

_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0",
          "--remote-allow-origins=*", "--disable-background-networking", "--hide-scrollbars")  # fmt: skip
_KEYS = {"Tab": 9, "Enter": 13, " ": 32}


class Page:
    """An open page, and what it asked for and complained of since it was opened."""

    def __init__(self, connection: websocket.WebSocket) -> None:
        self._connection = connection
        self._number = 0
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._loaded = False

    def open(self, path: pathlib.Path) -> None:
        """Load a file, and wait until all of it is there."""
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=path.as_uri())
        while not self._loaded:
            self._take()

    def screen(self, width: int, height: int = 900, dark: bool = False) -> None:
        """Show it on a screen of this size."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def run(self, script: str) -> Any:
        """The value of an expression in JavaScript."""
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def press(self, key: str, times: int = 1) -> None:
        """Press a key."""
        about = {"key": key, "windowsVirtualKeyCode": _KEYS[key], **({} if key == "Tab" else {"text": "\r"})}
        for _ in range(times):
            self.call("Input.dispatchKeyEvent", type="keyDown", **about)
            self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    def write(self, text: str) -> None:
        """Type into what has the focus."""
        self.call("Input.insertText", text=text)

    def picture(self, whole: bool = False) -> bytes:
        """A PNG of what the screen shows, or of the whole page."""
        return base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"])

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol, and its answer."""
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer = self._take()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def _take(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._connection.recv())
        about = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(about["request"]["url"])
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded":
                self.complaints.append(json.dumps(about))
            case "Page.loadEventFired":
                self._loaded = True
        return message


@contextmanager
def opened(path: pathlib.Path) -> Iterator[Page]:
    """A page of its own browser."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    assert browser, "install chromium (see .ci/run)"
    # Its helpers may still write there when it has ended.
    with tempfile.TemporaryDirectory(prefix="millrace-browser-", ignore_cleanup_errors=True) as profile:
        command = [browser, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
            try:
                assert process.stderr is not None
                connection = websocket.create_connection(_address(process.stderr), timeout=60)
                page = Page(connection)
                page.open(path)
                yield page
                connection.close()
            finally:
                process.terminate()


def _address(log: IO[str]) -> str:
    """Of the first page, from what the browser says when it starts."""
    said = ""
    for line in log:
        said += line
        if found := re.search(r"ws://([\d.:]+)/", line):
            with urllib.request.urlopen(f"http://{found[1]}/json", timeout=60) as answer:
                pages = json.load(answer)
            return str(next(each["webSocketDebuggerUrl"] for each in pages if each["type"] == "page"))
    raise AssertionError(f"the browser did not start: {said}")
