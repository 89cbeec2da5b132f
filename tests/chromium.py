"""A headless Chromium, driven over a pipe by the DevTools protocol (https://chromedevtools.github.io/devtools-protocol)."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_FLAGS = (
    "--headless", "--remote-debugging-pipe", "--no-first-run", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--force-color-profile=srgb", "about:blank",
)  # fmt: skip
KEYS = {"Tab": 9, "Enter": 13, " ": 32}


class Chromium:
    """One page of one browser."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = commands
        self._answers = answers
        self._rest = b""
        self._number = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")
        self._frame = self.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self.send("Page.setLifecycleEventsEnabled", enabled=True)
        self.send("Emulation.setFocusEmulationEnabled", enabled=True)

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command; its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            data = os.read(self._answers, 1 << 16)
            assert data, "the browser is gone"
            self._rest += data
        message, _, self._rest = self._rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer

    def open(self, page: Path, fragment: str = "") -> None:
        """Load a file, and wait until it is there."""
        self.send("Page.navigate", url="about:blank")
        self.events.clear()
        loader = self.send("Page.navigate", url=page.as_uri() + fragment)["loaderId"]
        loaded = {"frameId": self._frame, "loaderId": loader, "name": "load"}
        while not any(loaded.items() <= event["params"].items() for event in self.events if "params" in event):
            self.events.append(self._next())

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        result = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def press(self, key: str, times: int = 1) -> None:
        """Press a key, as a person would."""
        text = {"Enter": "\r", " ": " "}.get(key, "")
        for _ in range(times):
            common = {"key": key, "windowsVirtualKeyCode": KEYS[key], "text": text}
            self.send("Input.dispatchKeyEvent", type="keyDown", **common)
            self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text: str) -> None:
        """Type text into what has the focus."""
        self.send("Input.insertText", text=text)

    def resize(self, width: int, height: int, *, phone: bool = False) -> None:
        """Give the page a size."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)

    def prefer(self, scheme: str) -> None:
        """``light`` or ``dark``."""
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def screenshot(self) -> bytes:
        """What is to be seen, as PNG."""
        return base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])

    def messages(self, *methods: str) -> list[dict[str, Any]]:
        """What the browser has reported since the page was opened."""
        self.run("0")
        return [event["params"] for event in self.events if event.get("method") in methods]


@contextmanager
def chromium(profile: Path) -> Iterator[Chromium]:
    """A browser with a profile of its own."""
    command = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )
    if command is None:
        pytest.fail("these tests need Chromium: apt-get install chromium")
    their_in, commands = os.pipe()
    answers, their_out = os.pipe()

    def on_their_side() -> None:  # the protocol's descriptors are 3 and 4; neither may be in the way of the other
        first, second = os.dup(their_in), os.dup(their_out)
        os.dup2(first, 3)
        os.dup2(second, 4)

    process = subprocess.Popen(
        [command, *_FLAGS, f"--user-data-dir={profile}"],
        preexec_fn=on_their_side,
        close_fds=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(their_in)
    os.close(their_out)
    try:
        yield Chromium(commands, answers)
    finally:
        os.close(commands)
        process.terminate()
        process.wait(10)
        os.close(answers)
