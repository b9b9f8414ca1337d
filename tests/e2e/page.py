"""The window's page through WebKit's own WebDriver, spoken as plain HTTP."""

import json
import os
import pathlib
import socket
import urllib.error
import urllib.request

from desktop import Failed, Program, until

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Page:
    """Starts the application under WebDriver and reads its page; ends it on leaving."""

    def __init__(self, *command, **environment):
        self.command = [str(c) for c in command]
        self.environment = environment

    def __enter__(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            at = free.getsockname()[1]
        self.base = f"http://127.0.0.1:{at}"
        # The driver starts the application with its own environment, which must name the home.
        self.driver = Program("driver", "WebKitWebDriver", f"--port={at}", TAURI_WEBVIEW_AUTOMATION="true", **self.environment)
        until(lambda: self.call("GET", "/status")["ready"], "the driver is ready")
        options = {"binary": self.command[0], "args": self.command[1:]}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        session = self.call("POST", "/session", wanted)["sessionId"]
        self.base += f"/session/{session}"
        return self

    def __exit__(self, *_):
        pid = self.pid()
        try:
            self.call("DELETE", "")
        except Failed:
            pass
        # The driver leaves an application running that lives on without its window.
        if pid is not None and pathlib.Path(f"/proc/{pid}").exists():
            os.kill(pid, 15)
            until(lambda: not pathlib.Path(f"/proc/{pid}").exists() or state(pid) == "Z", "the application ends")

    def pid(self):
        """The application's process that stays: the driver's child, under the name it goes on with."""
        path = pathlib.Path(f"/proc/{self.driver.pid}/task/{self.driver.pid}/children")
        for child in path.read_text().split():
            if pathlib.Path(f"/proc/{child}/comm").read_text().strip() in ("weir", "weir-tray"):
                return int(child)
        return None

    def call(self, method, path, body=None):
        data = json.dumps(body if body is not None else {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.base + path, data, {"content-type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as refused:
            raise Failed(f"WebDriver {path}: {refused.read().decode()}") from None

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait_on(self, script):
        """Runs a script that calls `done` with its answer."""
        return self.call("POST", "/execute/async", {"script": f"const done = arguments[0]; {script}", "args": []})

    def text(self):
        return " ".join(self.run("return document.body.innerText").split())

    def wait_for(self, text):
        until(lambda: text in self.text(), f"the page says: {text}")

    def url(self):
        return self.call("GET", "/url")

    def found(self, using, value):
        """The element, as soon as the page has drawn it."""
        def now():
            every = self.call("POST", "/elements", {"using": using, "value": value})
            return every[0] if every else None
        return until(now, f"the page has {value}")

    def click(self, button):
        # One that is greyed waits for something; a click on it would do nothing and say nothing.
        xpath = f"//button[normalize-space()='{button}' and not(@disabled)]"
        found = self.found("xpath", xpath)
        self.call("POST", f"/element/{found[ELEMENT]}/click", {})

    def key(self, digit):
        """Goes to a page by its key."""
        self.run("window.dispatchEvent(new KeyboardEvent('keydown', { key: arguments[0], ctrlKey: true, bubbles: true }))", digit)

    def put(self, selector, text):
        found = self.found("css selector", selector)
        self.call("POST", f"/element/{found[ELEMENT]}/value", {"text": text})

    def fill(self, selector, text):
        """Puts a text in the place of what a field says."""
        self.run(
            "const field = document.querySelector(arguments[0]); field.value = arguments[1];"
            "field.dispatchEvent(new Event('input', { bubbles: true }));",
            selector,
            text,
        )

    def refused(self, address):
        """Whether the page's own policy stops it from fetching an address."""
        return self.wait_on(
            "document.addEventListener('securitypolicyviolation', (e) => done(e.effectiveDirective === 'connect-src'), { once: true });"
            f"fetch({json.dumps(address)}).then(() => done(false), () => setTimeout(() => done(false), 1000));"
        )

    def invoke(self, command, **arguments):
        """What the program answers to a command as the page has no right to give it."""
        return self.wait_on(
            f"window.__TAURI_INTERNALS__.invoke({json.dumps(command)}, {json.dumps(arguments)}).then((v) => done('answered ' + v), (e) => done(String(e)));"
        )


def state(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
