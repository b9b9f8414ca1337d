"""The first steps in the real window, from "what is here" to the first request, by the clock.

Run: tests/e2e/run first_run. A real keychain, an Ollama where its own variable says, Claude Code's
settings, a provider by script; needs no tray.
"""

import json
import os
import subprocess
import time
import urllib.request

from desktop import HOME, WEIR_HOME, check, end_all, port, shot, start_window_manager, status, tell_all, until, weir
from keychain import open_keyring, stored
from page import Page
from provider import Ollama, Provider

KEY = "sk-ant-first-run-4711"
MODEL = "claude-sonnet-4-5"
SETTINGS = HOME / ".claude" / "settings.json"
CONFIG = WEIR_HOME / "config.toml"
# The first request is there in under two minutes. A person is reckoned with: reading everything there is
# to read at the pace of English prose (238 words a minute, Brysbaert 2019), and for each thing done a
# thought, a move of the hand and a click (1.35 + 1.1 + 0.2 s, Card, Moran and Newell 1980).
SECONDS_MAX = 120
WORDS_A_MINUTE = 238
SECONDS_A_DEED = 2.65


class Person:
    """Goes through the steps, and counts what is there to read and to do."""

    def __init__(self, page):
        self.page = page
        self.deeds = 0
        self.looked = 0
        self.lines = set()
        self.steps = 0

    def click(self, button):
        self.deeds += 1
        self.page.click(button)

    def paste(self, selector, text):
        self.deeds += 1
        self.page.put(selector, text)

    def reads(self, step):
        """What the step says now, the lines of a diff and the names of a list as well."""
        self.page.wait_for(step)
        said = self.page.run("return document.querySelector('.steps').innerText")
        region = "const step = document.querySelector('.scroll'); return step.scrollWidth - step.clientWidth"
        check(self.page.run(region) <= 0, f"all of the step {step} is in the window's width")
        # What stood there before, such as the words of a button, is not read again.
        self.lines.update(line.strip() for line in said.splitlines())
        self.steps += 1
        begun = time.monotonic()
        shot(f"first-run-{self.steps}")
        self.looked += time.monotonic() - begun
        return " ".join(said.split())

    @property
    def words(self):
        return sum(len(line.split()) for line in self.lines)

    def steps_on(self, heading):
        self.click("Next")
        until(lambda: self.page.run("return document.querySelector('.steps h2').innerText") == heading, f"the step {heading}")


def first_run():
    provider, ollama = Provider(), Ollama()
    os.environ["OLLAMA_HOST"] = ollama.url.removeprefix("http://")
    WEIR_HOME.mkdir(mode=0o700)
    CONFIG.write_text(f'[server]\nport = 0\n[providers.anthropic]\nbase_url = "{provider.url}"\n')
    SETTINGS.parent.mkdir()
    SETTINGS.write_text('{"theme": "dark"}\n')
    config, settings = CONFIG.read_text(), SETTINGS.read_text()
    untouched = lambda: CONFIG.read_text() == config and SETTINGS.read_text() == settings and stored() == ""
    open_keyring()
    start_window_manager()

    with Page(os.environ["WEIR_TRAY_BIN"], "--show") as page:
        person = Person(page)
        page.wait_for("First steps")
        begun = time.monotonic()
        page.wait_for(ollama.url)
        said = person.reads("What is here")
        check("2 models" in said, f"the local server that runs was found: {said}")
        check("Claude Code not connected" in said, f"and the tool that is here: {said}")
        check("So far nothing is changed." in said and untouched(), "and nothing was changed")

        person.steps_on("Keys")
        page.wait_for("It goes to the keychain and from there only to anthropic.")
        person.reads("Keys")
        check(untouched() and provider.keys == [], "nothing was stored or asked by looking")
        person.paste("#key-anthropic", KEY)
        person.click("Save and test")
        page.wait_for("anthropic accepts the key")
        check(KEY in provider.keys, "the key was tried at its provider")
        check(KEY in stored(), "and is in the keychain")
        check(KEY not in page.run("return document.documentElement.outerHTML"), "and nowhere on the page")

        person.steps_on("A budget")
        said = person.reads("limit_usd = 5.00")
        check(CONFIG.read_text() == config, "a suggested budget is written nowhere")
        person.click("Set this budget")
        page.wait_for("of $5.00")
        week = status()["budgets"]
        check([b["limit_usd"] for b in week] == ["5.000000000"], f"the budget is in force: {week}")
        added = CONFIG.read_text().removeprefix(config).split("\n")
        check(all(line in said for line in added), f"and every line of it was shown before: {added}")

        person.steps_on("A tool")
        person.click("Claude Code")
        page.wait_for("This is all that changes.")
        said = person.reads("ANTHROPIC_BASE_URL")
        check(SETTINGS.read_text() == settings, "the tool's settings are as they were until it is asked for")
        person.click("Connect Claude Code")
        page.wait_for("Waiting for its first request.")
        env = json.loads(SETTINGS.read_text())["env"]
        check(env["ANTHROPIC_BASE_URL"] == f"http://127.0.0.1:{port()}", f"the tool is pointed at Weir: {env}")
        check(all(name in said for name in env), f"and every variable was shown before: {sorted(env)}")
        check(json.loads(SETTINGS.read_text())["theme"] == "dark", "what else stood there still does")

        person.steps_on("The first request")
        said = person.reads("Waiting…")
        check("Ask Claude Code anything" in said, f"it says what to do now: {said}")
        as_the_tool(env)
        person.deeds += 1  # "say hello", in the tool
        page.wait_for("The first request is here.")
        took = time.monotonic() - begun - person.looked
        page.wait_for("State Done")
        shot("first-run-6")
        said = page.text()
        for words in ("claude-code", MODEL, "Done", "$0.0087"):
            check(words in said, f"the first request says {words}: {said}")
        check(provider.keys[-1] == KEY, "and it went out with the stored key")
        person.click("Done")
        page.wait_for("Spend by day")
        weir("disconnect", "claude-code")
        check(SETTINGS.read_text() == settings, "and all of it can be put back")

    reading, doing = person.words / WORDS_A_MINUTE * 60, person.deeds * SECONDS_A_DEED
    print(
        f"first run: the programs took {took:.0f} s; {person.words} words to read are {reading:.0f} s, "
        f"{person.deeds} things to do {doing:.0f} s; together {took + reading + doing:.0f} s of {SECONDS_MAX}"
    )
    check(took + reading + doing < SECONDS_MAX, "the first run is over in under two minutes")


def as_the_tool(env):
    """One request as Claude Code sends it with these variables."""
    ask = {"model": MODEL, "max_tokens": 400, "messages": [{"role": "user", "content": "say hello"}]}
    headers = {
        "content-type": "application/json",
        "anthropic-version": "2023-06-01",
        "authorization": f"Bearer {env['ANTHROPIC_AUTH_TOKEN']}",
        "user-agent": "claude-cli/2.0.1 (external, cli)",
    }
    request = urllib.request.Request(f"{env['ANTHROPIC_BASE_URL']}/v1/messages", json.dumps(ask).encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        check(json.load(answer)["content"][0]["text"] == "Yes.", "the tool's request is answered")


if __name__ == "__main__":
    try:
        first_run()
    except Exception:
        shot("failed-first_run")
        tell_all()
        raise
    finally:
        end_all()
