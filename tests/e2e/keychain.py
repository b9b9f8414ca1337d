"""The Secret Service of a scenario's bus: gnome-keyring, open, locked, refused or gone, and what is in it."""

import os
import pathlib
import signal
import subprocess
import time

import dbus

from desktop import HOME, SECONDS_MAX, bus, check, until

SECRETS = "org.freedesktop.secrets"
SERVICE = "org.freedesktop.Secret.Service"
ITEM = ("service", "Weir", "username", "provider keys")
PASSWORD = "a password"
# Where tests/e2e/run put the configuration of the scenario's bus.
POLICY = HOME.parent / "bus" / "policy.d" / "refuses.conf"


def open_keyring():
    """The login keyring, open as after a login with a password."""
    line = ["gnome-keyring-daemon", "--daemonize", "--unlock", "--components=secrets"]
    subprocess.run(line, input=PASSWORD, text=True, check=True, capture_output=True)
    until(lambda: bus().name_has_owner(SECRETS), "a Secret Service stands")
    # It has its name before it has read its keyrings.
    default = lambda: str(secrets().ReadAlias("default", dbus_interface=SERVICE))
    until(lambda: default() != "/", "and has a keyring to store in")


def end_keyring():
    """As on a desktop that has none: the program is gone."""
    owner = bus().get_object("org.freedesktop.DBus", "/").GetConnectionUnixProcessID(SECRETS)
    os.kill(int(owner), signal.SIGTERM)
    until(lambda: not bus().name_has_owner(SECRETS), "no Secret Service stands")


def secrets():
    return bus().get_object(SECRETS, "/org/freedesktop/secrets")


def lock():
    """Locks the login keyring, as a screen lock may."""
    collection = secrets().ReadAlias("default", dbus_interface=SERVICE)
    secrets().Lock([collection], dbus_interface=SERVICE)
    locked = lambda: bus().get_object(SECRETS, collection).Get(
        "org.freedesktop.Secret.Collection", "Locked", dbus_interface="org.freedesktop.DBus.Properties"
    )
    until(locked, "the keyring is locked")


def refuse(member):
    """Has the bus refuse one call to the Secret Service, as a confined program meets it; None ends that."""
    rule = "" if member is None else f'<policy context="mandatory"><deny send_interface="{SERVICE}" send_member="{member}"/></policy>'
    POLICY.write_text(f"<busconfig>{rule}</busconfig>\n")
    bus().get_object("org.freedesktop.DBus", "/").ReloadConfig(dbus_interface="org.freedesktop.DBus")


def stored():
    """What Weir keeps there, as another program reads it; nothing where it keeps nothing."""
    done = subprocess.run(["secret-tool", "lookup", *ITEM], capture_output=True, text=True, timeout=20, check=False)
    return done.stdout


# === the window that asks for the password ===


def prompts():
    """The windows that ask for a keyring's password now."""
    found = subprocess.run(["xdotool", "search", "--onlyvisible", "--class", "gcr-prompter"], capture_output=True, text=True, check=False)
    return found.stdout.split()


def answer(password):
    """Answers the window that asks: with a password, or by leaving it with None."""
    asked = until(lambda: next(iter(prompts()), None), "somebody asks for the keyring's password")
    # Written once more it must not stand behind what is there already.
    keys = ["key", "Escape"] if password is None else ["key", "ctrl+a", "type", "--terminator", "end", password, "end", "key", "Return"]

    def gone():
        subprocess.run(["xdotool", "windowactivate", "--sync", asked], capture_output=True, timeout=5, check=False)
        subprocess.run(["xdotool", *keys], capture_output=True, timeout=5, check=False)
        end = time.monotonic() + 2
        while asked in prompts() and time.monotonic() < end:
            time.sleep(0.05)
        return asked not in prompts()

    until(gone, "the question is answered")


class Questions:
    """Counts how often a password is asked for while this is held, also where nobody sees a window."""

    def __enter__(self):
        watch = "type='method_call',interface='org.freedesktop.Secret.Prompt',member='Prompt'"
        self.said = HOME / "prompts.log"
        self.monitor = subprocess.Popen(["dbus-monitor", "--session", watch], stdout=self.said.open("wb"), stderr=subprocess.DEVNULL)
        until(lambda: b"NameAcquired" in self.said.read_bytes() or b"NameLost" in self.said.read_bytes(), "the bus is listened to")
        return self

    def __exit__(self, *_):
        self.monitor.terminate()
        self.monitor.wait(10)

    def asked(self):
        return self.said.read_bytes().count(b"member=Prompt")


def on_disk(key):
    """Every file of the home folder that holds these bytes; the keyring's own are encrypted."""
    files = (path for path in HOME.rglob("*") if path.is_file() and not path.is_symlink())
    return [str(path.relative_to(HOME)) for path in files if key.encode() in path.read_bytes()]
