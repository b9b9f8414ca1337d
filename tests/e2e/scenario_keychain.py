"""The keychain as people meet it: none there, open, locked, refused; and a key that is really removed.

Run: tests/e2e/run keychain. A bus of its own (bus/session.conf), gnome-keyring, the window that asks
for its password, a provider by script; needs no tray. A key is read once a run, so each state of the
keychain is met by a Weir that starts into it.
"""

import json
import os
import re
import threading
import time

from desktop import WEIR_HOME, check, end_all, port, shot, start_window_manager, status, tell_all, until, weir
from keychain import PASSWORD, Questions, answer, end_keyring, lock, on_disk, open_keyring, prompts, refuse, stored
from page import Page
from provider import Provider
from scenarios import ask

KEY, OTHER = "sk-ant-keychain-4711", "sk-oai-keychain-4712"
# What a person must be able to read of each state, whatever else is said.
ABSENT = r"No keychain service runs here"
LOCKED = r"(?i)unlock|asking for its password"
REFUSED = r"(?i)refused"
MOVED = r"It was stored for http://127\.0\.0\.1:\d+"


def keychain():
    provider, elsewhere = Provider(), Provider()
    configure(provider.url)
    start_window_manager()
    no_keychain(provider)
    removed(provider)
    locked(provider)
    refused()
    moved(provider, elsewhere)


def configure(address):
    WEIR_HOME.mkdir(mode=0o700, exist_ok=True)
    (WEIR_HOME / "config.toml").write_text(
        "[server]\nport = 0\n"
        + "".join(f'[providers.{name}]\nbase_url = "{address}{path}"\nkey = "keychain"\n' for name, path in (("anthropic", ""), ("openai", "/v1")))
    )


class Keys(Page):
    """The page of the providers in a Weir that starts now, with one provider opened."""

    def __enter__(self):
        super().__enter__()
        try:
            self.at = until(port, "the engine serves")
            self.wait_for(f"Listening on 127.0.0.1:{self.at}")
            self.key("5")  # which leaves the first steps, where they come
            self.open("anthropic")
        except BaseException:
            self.__exit__()
            raise
        return self

    def open(self, provider):
        bar = f"[...document.querySelectorAll('.bar')].find((bar) => bar.textContent.includes('{provider}'))"
        until(lambda: self.run(f"const bar = {bar}; if (bar && bar.getAttribute('aria-expanded') === 'false') bar.click(); return !!bar"), f"{provider} is listed")

    def said(self):
        return " ".join(self.run("return document.querySelector('.provider .inside')?.innerText ?? ''").split())

    def says(self, pattern, what):
        until(lambda: re.search(pattern, self.said()), lambda: f"{what}: /{pattern}/ in {self.said()!r}")

    def request(self):
        """A tool's request, for which Weir needs the key; its status."""
        token = weir("client", "add", f"tool-{time.monotonic_ns()}").strip()
        return ask(self.at, token)

    def tried_again(self):
        """Whether the key can be used; if not, it is tried once more."""
        if "Test key" in self.said():
            return True
        again = "[...document.querySelectorAll('button')].find((b) => b.textContent === 'Try again' && !b.disabled)?.click()"
        self.run(again)
        time.sleep(0.5)
        return False

    def give(self, key):
        self.fill("input[type=password]", key)
        self.click("Save and test")


def no_keychain(provider):
    """None runs: storing a key says so and stores nothing; one that comes later is used."""
    with Keys(os.environ["WEIR_TRAY_BIN"], "--show") as page:
        page.give(KEY)
        page.says(ABSENT, "a key that cannot be stored says why")
        page.says(r'key = "env:', "and what works without one")
        shot("keychain-absent")
        check(provider.keys == [], "a key that was not stored is not sent either")
        check(on_disk(KEY) == [], f"and is in no file: {on_disk(KEY)}")
        open_keyring()
        page.give(KEY)
        page.says("accepts the key", "a keychain that was started meanwhile is used")
        check(KEY in stored(), "and has the key")


def removed(provider):
    """A key that is removed is gone from the keychain, from memory and from every file."""
    with Keys(os.environ["WEIR_TRAY_BIN"], "--show") as page:
        check(page.request() == 200 and provider.keys[-1] == KEY, "a request goes out with the key of the run before")
        page.says("Test key", "which the page knows")
        end_keyring()
        open_keyring()
        page.open("openai")
        page.give(OTHER)
        page.says("accepts the key", "another provider's key is stored beside it, in a keychain that was started anew")
        check(KEY in stored() and OTHER in stored(), "both are in the one item")

        page.open("anthropic")
        page.click("Remove")
        page.says("Remove the key from the keychain", "removing asks once")
        check(KEY in stored(), "and does nothing by being asked for")
        page.click("Remove")
        page.says("Paste the key for anthropic|goes to the keychain", "the key is gone from the page")
        check(KEY not in stored() and OTHER in stored(), f"and from the keychain, alone: {stored()}")
        asked = provider.requests
        check(page.request() >= 400 and provider.requests == asked, "and from memory: no request leaves")
        states = {row["provider"]: row["state"] for row in json.loads(weir("key", "list", "--json"))}
        check(states["anthropic"] == "missing" and states["openai"] == "ready", f"the command line says the same: {states}")
        page.open("openai")
        page.click("Remove")
        page.click("Remove")
        until(lambda: stored() == "", "with the last key nothing of Weir's is left in the Secret Service")
    for key in (KEY, OTHER):
        check(on_disk(key) == [], f"no file holds a removed key: {on_disk(key)}")
    check("anthropic" not in (WEIR_HOME / "keys.json").read_text(), "nor does the list of names have it")


def locked(provider):
    """The owner is asked for the password once; left, it is said what to do; answered, the key is used."""
    with Keys(os.environ["WEIR_TRAY_BIN"], "--show") as page:
        page.give(KEY)
        page.says("accepts the key", "a key is stored")
    lock()
    with Questions() as questions, Keys(os.environ["WEIR_TRAY_BIN"], "--show") as page:
        threading.Thread(target=page.request, daemon=True).start()
        until(prompts, "the keyring asks for its password")
        page.says(LOCKED, "while it asks, the page says so")
        shot("keychain-asks")
        answer(None)
        page.says(LOCKED, "a question that was left says what to do")
        shot("keychain-locked")
        page.click("Pause routing")  # the page and the status are made anew
        page.click("Resume routing")
        status()
        time.sleep(3)  # whoever asks again has done it by then
        check(questions.asked() == 1 and not prompts(), f"nobody is asked again for it: {questions.asked()} questions")
        page.click("Try again")
        answer(PASSWORD)
        until(page.tried_again, "an answered question gives the key")
        check(page.request() == 200 and provider.keys[-1] == KEY, "which is the one that was stored")
        check(questions.asked() == 2, f"after one question more: {questions.asked()}")


def refused():
    """The bus refuses, as to a confined program: it is said, and works again when it is allowed."""
    refuse("SearchItems")
    with Keys(os.environ["WEIR_TRAY_BIN"], "--show") as page:
        check(page.request() >= 400, "a request without its key is refused")
        page.says(REFUSED, "a refusal is called so")
        page.says("Allow Weir", "with what to do")
        shot("keychain-refused")
        refuse(None)
        until(page.tried_again, "once it is allowed the key is there")


def moved(provider, elsewhere):
    """The provider's address was changed: the key of the old one goes to nobody else."""
    configure(elsewhere.url)
    with Keys(os.environ["WEIR_TRAY_BIN"], "--show") as page:
        check(page.request() >= 400 and elsewhere.requests == 0, "no request goes to the new address")
        page.says(MOVED, "the key is said to be another address's")
        shot("keychain-moved")
        check(elsewhere.keys == [], "nor does the key")
        page.click("Remove")
        page.says("Remove the key from the keychain", "it can be removed all the same")
        page.click("Remove")
        until(lambda: stored() == "", "and is gone from the Secret Service")


if __name__ == "__main__":
    try:
        keychain()
    except Exception:
        shot("failed-keychain")
        tell_all()
        raise
    finally:
        end_all()
