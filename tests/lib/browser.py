"""A browser without a window, for tests of pages: Debian's chromium, driven by its DevTools protocol.

The protocol goes through two pipes (--remote-debugging-pipe), messages of JSON that end with a zero byte:
no port, no library. Whatever the page writes to its console as an error, throws, or asks of a network is
kept in `complaints'.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

FLAGS = """--headless=new --no-sandbox --disable-gpu --hide-scrollbars --no-first-run --disable-extensions
--disable-background-networking --disable-component-update --disable-sync --force-color-profile=srgb
--disable-dev-shm-usage --remote-debugging-pipe""".split()
TIMEOUT = 120  # seconds for one answer, on a machine that has other things to do
CATEGORIES = ["toplevel"]


def tasks_of(events, thread):
    """The tasks in a trace that threads of this name ran; `tdur' is their CPU time in microseconds."""
    names = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["ph"] == "M" and e["name"] == "thread_name"}
    wanted = ("RunTask", "ThreadControllerImpl::RunTask", "ThreadPool_RunTask")
    found = [e for e in events if e["ph"] == "X" and e["name"] in wanted and names.get((e["pid"], e["tid"])) == thread]
    outer = {}  # a task may be told twice, one within the other
    for event in sorted(found, key=lambda e: (e["ts"], -e["dur"])):
        last = outer.get((event["pid"], event["tid"]), [None])[-1]
        if last is None or event["ts"] >= last["ts"] + last["dur"]:
            outer.setdefault((event["pid"], event["tid"]), []).append(event)
    return [event for list_of in outer.values() for event in list_of if "tdur" in event]


class BrowserError(Exception):
    pass


class Browser:
    """with Browser() as browser: browser.open(path); browser.eval("...")"""

    def __init__(self, width=1400, height=860):
        self.size = width, height
        self.next_id, self.session, self.buffer = 0, None, b""
        self.events, self.complaints = [], []

    def __enter__(self):
        self.profile = tempfile.mkdtemp(prefix="browser-")
        if not shutil.which("chromium"):
            raise BrowserError("chromium is not installed: tools/need test")
        ours_in, self.send_fd = os.pipe()
        self.receive_fd, ours_out = os.pipe()
        # The browser's ends are its descriptors 3 and 4, whatever they are here.
        command = ["chromium", *FLAGS, f"--user-data-dir={self.profile}", "--window-size=%d,%d" % self.size]
        shell = f"exec \"$@\" 3<&{ours_in} 4>&{ours_out}"
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", shell, "sh", *command, "about:blank"], pass_fds=(ours_in, ours_out),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(ours_in)
        os.close(ours_out)
        try:
            targets = self.call("Target.getTargets")["targetInfos"]
            page = next(t["targetId"] for t in targets if t["type"] == "page")
            self.session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.call(domain + ".enable")
            self.resize(*self.size)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        os.close(self.send_fd)  # it ends when its pipe does
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.receive_fd)
        shutil.rmtree(self.profile, ignore_errors=True)

    # ---- The protocol --------------------------------------------------------------------------
    def receive(self, deadline):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.receive_fd], [], [], max(0, deadline - time.monotonic()))
            data = os.read(self.receive_fd, 1 << 20) if ready else b""
            if not data:
                raise BrowserError("the browser has ended" if ready else "the browser does not answer")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(message)
        if "method" in message:
            self.note(message["method"], message["params"])
        return message

    def note(self, method, params):
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(params["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            self.complaints.append("console: " + str([a.get("value") for a in params["args"]]))
        elif method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if url.split(":")[0] not in ("file", "data", "about"):
                self.complaints.append("asks the network for " + url)
        self.events.append((method, params))

    def call(self, method, **params):
        self.next_id += 1
        message = {"id": self.next_id, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.send_fd, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + TIMEOUT
        while True:
            answer = self.receive(deadline)
            if answer.get("id") == self.next_id:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def wait_event(self, wanted):
        """Until such an event has come; those before it are forgotten. Answers its parameters."""
        deadline = time.monotonic() + TIMEOUT
        while True:
            while self.events:
                method, params = self.events.pop(0)
                if method == wanted:
                    return params
            self.receive(deadline)

    def traced(self, act):
        """Do it; answers the events of the browser's own trace meanwhile."""
        page, self.session = self.session, None  # tracing is the whole browser's
        self.call("Tracing.start", transferMode="ReportEvents", traceConfig={"includedCategories": CATEGORIES})
        self.session = page
        act()
        self.events.clear()
        self.session = None
        self.call("Tracing.end")
        self.session = page
        found = []
        while not self.events or self.events[-1][0] != "Tracing.tracingComplete":
            self.receive(time.monotonic() + TIMEOUT)
        for method, params in self.events:
            found += params["value"] if method == "Tracing.dataCollected" else []
        return found

    # ---- What a user does ----------------------------------------------------------------------
    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def prefer(self, scheme):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, path, fragment=""):
        """Answers when the page's load event has come."""
        self.events.clear()
        self.call("Page.navigate", url="file://" + os.path.abspath(path) + fragment)
        self.wait_event("Page.loadEventFired")

    def eval(self, expression):
        """The value of an expression in the page; of a promise, what it becomes."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise BrowserError(f"{expression}: {answer['exceptionDetails'].get('exception', {}).get('description')}")
        return answer["result"].get("value")

    def wait(self, expression):
        """Until it is true; answers its value. The page is asked at each of its frames."""
        return self.eval(
            "new Promise((done, fail) => { const until = performance.now() + %d; const ask = () => {"
            "const value = (%s); if (value) done(value); else if (performance.now() > until) fail(new Error('it never was'));"
            "else requestAnimationFrame(ask); }; ask(); })" % (TIMEOUT * 500, expression)
        )  # fmt: skip

    def settle(self):
        """Until what was asked for is drawn."""
        self.eval("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def key(self, key, shift=False):
        text = {"text": key} if len(key) == 1 else {}
        code = {"Enter": 13, "Escape": 27}.get(key, ord(key.upper()) if len(key) == 1 else 0)
        common = {"key": key, "modifiers": 8 if shift else 0, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **common, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type="mouse" + kind, x=x, y=y, **more)

    def click(self, x, y):
        for kind in ("Pressed", "Released"):
            self.mouse(kind, x, y, button="left", clickCount=1)

    def click_on(self, selector):
        box = self.eval(
            f"(() => {{ const b = document.querySelector({selector!r}).getBoundingClientRect();"
            "return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        self.click(*box)

    def wheel(self, x, y, dy, dx=0):
        self.mouse("Wheel", x, y, deltaX=dx, deltaY=dy)

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
