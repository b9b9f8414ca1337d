"""The Secret Service of a scenario's bus: gnome-keyring, open, and what is really in it."""

import subprocess

from desktop import bus, until

SECRETS = "org.freedesktop.secrets"
ITEM = ("service", "Weir", "username", "provider keys")
PASSWORD = "a password"


def open_keyring():
    """The login keyring, open as after a login with a password."""
    line = ["gnome-keyring-daemon", "--daemonize", "--unlock", "--components=secrets"]
    subprocess.run(line, input=PASSWORD, text=True, check=True, capture_output=True)
    until(lambda: bus().name_has_owner(SECRETS), "a Secret Service stands")


def stored():
    """What Weir keeps there, as another program reads it; nothing where it keeps nothing."""
    done = subprocess.run(["secret-tool", "lookup", *ITEM], capture_output=True, text=True, timeout=20, check=False)
    return done.stdout
