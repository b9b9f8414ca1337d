"""What the scenarios stand on: programs with logs, the tray over D-Bus, windows, screenshots.

Everything started here is ended here, by its own process id.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import time
import urllib.request

import dbus

HOME = pathlib.Path(os.environ["HOME"])
WEIR_HOME = HOME / "weir"
SHOTS = os.environ.get("WEIR_SHOTS")
WATCHER = "org.kde.StatusNotifierWatcher"
SECONDS_MAX = 20

started = []


class Failed(Exception):
    """A check that did not hold."""


def check(holds, what):
    if not holds:
        raise Failed(what)


def until(probe, what, seconds=SECONDS_MAX):
    """Asks `probe` until it answers with something true, and returns that."""
    end = time.monotonic() + seconds
    last = None
    while time.monotonic() < end:
        try:
            answer = probe()
            if answer:
                return answer
            last = answer
        except (dbus.DBusException, OSError, subprocess.CalledProcessError, LookupError, ValueError) as e:
            last = e
        time.sleep(0.05)
    try:
        said = what() if callable(what) else what
    except (dbus.DBusException, LookupError) as e:
        said = f"and what there is cannot be told: {e}"
    raise Failed(f"not within {seconds} s: {said} (last: {last!r})")


class Program:
    """A started program and what it wrote."""

    def __init__(self, name, *arguments, **environment):
        self.out = HOME / f"{name}.{len(started)}.out"
        self.err = HOME / f"{name}.{len(started)}.err"
        self.name = name
        self.process = subprocess.Popen(
            [str(a) for a in arguments],
            stdout=self.out.open("wb"),
            stderr=self.err.open("wb"),
            stdin=subprocess.DEVNULL,
            env={**os.environ, "WEIR_HOME": str(WEIR_HOME), **environment},
        )
        started.append(self)

    @property
    def pid(self):
        return self.process.pid

    def said(self):
        return self.out.read_text() + self.err.read_text()

    def alive(self):
        return self.process.poll() is None

    def ended(self, seconds=SECONDS_MAX):
        """Waits for its end and returns its exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} did not end within {seconds} s. It said:\n{self.said()}") from None

    def stop(self):
        if self.alive():
            self.process.send_signal(signal.SIGTERM)


def tray_program(*arguments, **environment):
    return Program("weir-tray", os.environ["WEIR_TRAY_BIN"], *arguments, **environment)


def end_engine():
    """Ends the engine that the home's lock file names: nobody here started one that a guardian did."""
    try:
        named = re.search(r"^pid (\d+)$", (WEIR_HOME / "weir.lock").read_text(), re.M)
        program = pathlib.Path(f"/proc/{named.group(1)}/exe").resolve().name if named else ""
        if program in ("weir", "weir-tray"):
            os.kill(int(named.group(1)), signal.SIGTERM)
            until(lambda: not pathlib.Path(f"/proc/{named.group(1)}").exists(), "the engine ends", 15)
    except OSError:
        pass  # no home, or none that serves


def end_all():
    for program in reversed(started):
        program.stop()
    for program in reversed(started):
        try:
            program.process.wait(10)
        except subprocess.TimeoutExpired:
            program.process.kill()
            program.process.wait()
    end_engine()


def tell_all():
    for program in started:
        print(f"--- {program.name} (pid {program.pid}, exit {program.process.poll()})\n{program.said()}")


def weir(*arguments):
    """The command line on the same home; returns what it printed."""
    done = subprocess.run(
        [os.environ["WEIR_BIN"], *arguments],
        env={**os.environ, "WEIR_HOME": str(WEIR_HOME)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if done.returncode != 0:
        raise LookupError(f"weir {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def status():
    return json.loads(weir("status", "--json"))


def port():
    return status()["port"]


def healthy(at):
    with urllib.request.urlopen(f"http://127.0.0.1:{at}/healthz", timeout=5) as answer:
        return answer.status == 200


# === the desktop ===


def bus():
    return dbus.SessionBus()


def start_window_manager():
    Program("openbox", "openbox")
    # A window that is there before it stays without its keys.
    root = ["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"]
    until(lambda: b"window id" in subprocess.run(root, capture_output=True, check=True).stdout, "a window manager stands")


def start_panel():
    Program("xfce4-panel", "xfce4-panel", "--disable-wm-check")
    until(lambda: bus().name_has_owner(WATCHER), "a tray host stands")


class Notices:
    """A notification server of the test's own: what it was told, and clicks on it."""

    def __init__(self):
        self.file = HOME / "notices.jsonl"
        self.program = Program("notices", "/usr/bin/python3", pathlib.Path(__file__).with_name("notices.py"), self.file)
        until(lambda: bus().name_has_owner("org.freedesktop.Notifications"), "a notification server stands")

    def told(self):
        if not self.file.exists():
            return []
        return [json.loads(line) for line in self.file.read_text().splitlines()]

    def wait_for(self, words, after=0):
        """The first notification behind `after` that says something."""
        return until(
            lambda: next((n for n in self.told() if n["id"] > after and words in n["body"]), None),
            f"a notification says: {words}; told were {self.told()}",
        )

    def click(self, notice, action):
        server = bus().get_object("org.freedesktop.Notifications", "/org/freedesktop/Notifications")
        server.Click(dbus.UInt32(notice["id"]), action, dbus_interface="dev.weir.Notices")

    def click_until(self, notice, action, probe, what):
        """Clicks until it was heard: a program listens a moment after it has told. Whoever heard
        a click listens no more, so it is never done twice."""
        end = time.monotonic() + SECONDS_MAX
        while time.monotonic() < end:
            self.click(notice, action)
            for _ in range(20):
                if probe():
                    return
                time.sleep(0.05)
        raise Failed(f"clicking {action}: {what}")


def below(pid):
    """The processes that a process started, and theirs: (pid, name)."""
    found, wait = [], [pid]
    while wait:
        try:
            for task in pathlib.Path(f"/proc/{wait.pop()}/task").iterdir():
                for child in (task / "children").read_text().split():
                    found.append((int(child), pathlib.Path(f"/proc/{child}/comm").read_text().strip()))
                    wait.append(int(child))
        except OSError:
            pass  # it ended meanwhile
    return found


def libraries(pid):
    """The libraries a process has loaded."""
    lines = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {pathlib.Path(line.split(maxsplit=5)[5]).name for line in lines if ".so" in line}


def tray_items():
    watcher = bus().get_object(WATCHER, "/StatusNotifierWatcher")
    items = watcher.Get(WATCHER, "RegisteredStatusNotifierItems", dbus_interface="org.freedesktop.DBus.Properties")
    return [str(item) for item in items]


class Tray:
    """The item of one process, read and clicked over D-Bus as a panel would."""

    def __init__(self, pid):
        name = until(
            lambda: next((i for i in tray_items() if f"StatusNotifierItem-{pid}-" in i or self._owner(i) == pid), None),
            f"pid {pid} has a tray item",
        )
        self.bus_name, _, path = name.partition("/")
        self.item = bus().get_object(self.bus_name, f"/{path}" if path else "/StatusNotifierItem")
        self.menu = dbus.Interface(
            bus().get_object(self.bus_name, str(self.get("Menu"))), "com.canonical.dbusmenu"
        )

    @staticmethod
    def _owner(item):
        return int(bus().get_object("org.freedesktop.DBus", "/").GetConnectionUnixProcessID(item.partition("/")[0]))

    def get(self, what):
        return self.item.Get("org.kde.StatusNotifierItem", what, dbus_interface="org.freedesktop.DBus.Properties")

    def pixels(self):
        return bytes(bytearray(self.get("IconPixmap")[0][2]))

    def rows(self, below=None):
        """Each row as (id, label, enabled, ticked); a separator has no label. `below`: of the menu
        under the row that begins like this, and so on down."""
        self.menu.AboutToShow(0)
        _, (_, _, children) = self.menu.GetLayout(0, -1, dbus.Array([], signature="s"))
        for start in below or ():
            named = [(str(p.get("label", "")), inner) for _, p, inner in children]
            children = next((inner for label, inner in named if label.startswith(start) and inner), None)
            if children is None:
                raise LookupError(f"no menu under {start}")
        return [
            (
                int(i),
                # A single underscore marks the letter to press, and two are one.
                str(p.get("label", "")).replace("__", "_"),
                bool(p.get("enabled", True)),
                int(p.get("toggle-state", -1)) == 1,
            )
            for i, p, _ in children
        ]

    def labels(self, *below):
        return [row[1] for row in self.rows(below) if row[1]]

    def row(self, start, *below):
        found = next((row for row in self.rows(below) if row[1].startswith(start)), None)
        if found is None:
            raise LookupError(f"no row like {start} in {self.rows(below)}")
        return found

    def wait_for(self, pattern, *below, seconds=SECONDS_MAX):
        """The first row whose label matches, once there is one."""
        return until(
            lambda: next((r for r in self.rows(below) if re.search(pattern, r[1])), None),
            lambda: f"a menu row like {pattern}; there is {self.rows(below)}",
            seconds,
        )

    def click(self, start, *below):
        # A row may come only with the next state: the menu follows the engine by a moment.
        row = until(lambda: self.row(start, *below), f"the menu has {start}")
        check(row[2], f"{row[1]} can be clicked")
        try:
            self.menu.Event(row[0], "clicked", dbus.String("", variant_level=1), dbus.UInt32(0))
        except dbus.DBusException as problem:
            # The program may be gone before it answers: that is what quitting is.
            quits = "quit" in start.lower()
            check(quits and "NoReply" in str(problem.get_dbus_name()), f"clicking {start}: {problem}")


def windows():
    found = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--name", "^Weir$"], capture_output=True, text=True, check=False
    )
    return found.stdout.split()


def window(seconds=SECONDS_MAX):
    """The window, once it stands and its page is painted."""
    found = until(lambda: next(iter(windows()), None), "the window is open", seconds)
    until(lambda: colours(found) > 40, "the window is painted")
    return found


def colours(of_window):
    counted = subprocess.run(
        ["import", "-window", of_window, "-format", "%k", "info:"], capture_output=True, text=True, check=True
    )
    return int(counted.stdout)


def size(of_window):
    """Its width and height in pixels."""
    told = subprocess.run(["xdotool", "getwindowgeometry", "--shell", of_window], capture_output=True, text=True, check=True)
    facts = dict(line.split("=") for line in told.stdout.split())
    return int(facts["WIDTH"]), int(facts["HEIGHT"])


def resize(of_window, width, height):
    subprocess.run(["xdotool", "windowsize", of_window, str(width), str(height)], check=True)
    until(lambda: size(of_window) == (width, height), f"the window is {width} by {height}")


def close(of_window):
    """Closes as a person would: Alt+F4, and once more if the window manager was not listening yet."""
    def pressed():
        subprocess.run(
            ["xdotool", "windowactivate", "--sync", of_window, "key", "--clearmodifiers", "alt+F4"],
            capture_output=True, timeout=5, check=False,
        )
        end = time.monotonic() + 2
        while windows() and time.monotonic() < end:
            time.sleep(0.05)
        return not windows()

    until(pressed, "the window is closed")


def shot(name):
    """Keeps the whole screen, when somebody wants to look."""
    if SHOTS:
        pathlib.Path(SHOTS).mkdir(parents=True, exist_ok=True)
        time.sleep(0.5)  # the compositor may be a frame behind what was just checked
        subprocess.run(["import", "-window", "root", f"{SHOTS}/{name}.png"], check=True)
