"""Drives headless Chromium over the pipe of the DevTools protocol: no port and no library is needed."""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# Chromium speaks on the descriptors 3 and 4; the shell puts the process's stdin and stdout there.
_ON_PIPE = 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null'
_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe")
_KEYS = {
    "ArrowDown": 40,
    "ArrowLeft": 37,
    "ArrowRight": 39,
    "ArrowUp": 38,
    "Escape": 27,
    "Home": 36,
    "End": 35,
    "Tab": 9,
    "Enter": 13,
    " ": 32,
}


class Browser:
    """One page in Chromium: what it logs and asks for, and a hand on its keyboard and mouse."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin
        assert process.stdout
        self._in, self._out = process.stdin, process.stdout
        self._received = b""
        self._number = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask and wait for the answer; events on the way are kept."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._in.write(json.dumps(message).encode() + b"\0")
        self._in.flush()
        while (answer := self._receive()).get("id") != self._number:
            self.events.append(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._received:
            piece = self._out.read1(1 << 16)  # type: ignore[attr-defined]  # a pipe is buffered
            assert piece, "Chromium ended"
            self._received += piece
        first, _, self._received = self._received.partition(b"\0")
        message: dict[str, Any] = json.loads(first)
        return message

    def open(self, url: str, width: int, height: int) -> None:
        """Open a page in a window of this size and wait until it has loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.resize(width, height)
        self.call("Page.navigate", url=url)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())
        self.settle()

    def resize(self, width: int, height: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def prefer(self, **features: str) -> None:
        """Set media features: ``prefers_color_scheme="dark"``."""
        pairs = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.call("Emulation.setEmulatedMedia", features=pairs)
        self.settle()

    def settle(self) -> None:
        """Wait for two frames: charts are drawn after the change that asks for it."""
        self.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def value(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, userGesture=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str, *, shift: bool = False) -> None:
        text = "\r" if key == "Enter" else key if len(key) == 1 else ""
        common = {"key": key, "modifiers": 8 if shift else 0, "windowsVirtualKeyCode": _KEYS.get(key, 0)}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)
        self.settle()

    def point(self, x: float, y: float, action: str = "mouseMoved", clicks: int = 0) -> None:
        """A mouse event at a place in the window: mouseMoved, mousePressed or mouseReleased."""
        button = "none" if action == "mouseMoved" else "left"
        self.call("Input.dispatchMouseEvent", type=action, x=x, y=y, button=button, clickCount=clicks)

    def click(self, selector: str) -> None:
        """Press and release the mouse in the middle of what a selector finds."""
        x, y = self.value(
            f"(() => {{ const r = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
            "return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for action in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.point(x, y, action, clicks=1)
        self.settle()

    def problems(self) -> list[dict[str, Any]]:
        """Errors, warnings and refusals that the page has caused so far."""
        return [
            event["params"]
            for event in self.events
            if event["method"] in {"Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"}
        ]

    def requests(self) -> list[str]:
        """The addresses the page has asked for."""
        events = [event for event in self.events if event["method"] == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in events]

    def screenshot(self, file: Path) -> None:
        """The whole page as a picture."""
        picture = self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        file.write_bytes(base64.b64decode(picture))


@contextmanager
def browser(url: str, profile: Path, width: int = 1200, height: int = 1000) -> Iterator[Browser]:
    """Chromium with one page open, ended with its profile afterwards."""
    assert CHROMIUM
    command = ["sh", "-c", _ON_PIPE, "sh", CHROMIUM, *_FLAGS, f"--user-data-dir={profile}"]
    # The command is fixed but for the folder of the profile.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603
        try:
            one = Browser(process)
            one.open(url, width, height)
            yield one
            one._session = None
            one.call("Browser.close")
        finally:
            process.kill()
