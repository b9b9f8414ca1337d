"""A new user's first week: two dollars, a notice at each mark, and then local models go on.

Run: tests/e2e/run budgets. Needs no tray: `weir serve`, a provider and an Ollama by script, dunst.
"""

import json
import os
import pathlib
import subprocess

from desktop import HOME, WEIR_HOME, Program, bus, check, end_all, healthy, port, shot, tell_all, until, weir
from provider import Ollama, Provider

MODEL = "claude-sonnet-4-5"
LOCAL = "qwen2.5-coder:7b"
NOTIFICATIONS = "org.freedesktop.Notifications"


class Client:
    """A program that asks with Anthropic's own client, of which it knows the address and a token."""

    def __init__(self, at, token):
        here = pathlib.Path(__file__).resolve().parent
        python = here.parent.parent / "target/clients/sdk/bin/python"
        line = [python, here / "ask.py", f"http://127.0.0.1:{at}", token]
        self.program = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self):
        """One answer of about 12 cents; returns status, headers and text."""
        self.program.stdin.write("How does water find its level?\n")
        self.program.stdin.flush()
        told = json.loads(self.program.stdout.readline())
        return told["status"], told["headers"], told["text"]

    def end(self):
        self.program.stdin.close()
        check(self.program.wait(20) == 0, "the client ends in order")


def start_notifications():
    settings = HOME / "dunstrc"
    settings.write_text('[global]\nwidth = (320, 460)\nnotification_limit = 12\nfont = DejaVu Sans 11\n'
                        'format = "<b>%s</b>\\n%b"\nmarkup = full\nidle_threshold = 0\n'
                        '[urgency_normal]\ntimeout = 0\n[urgency_critical]\ntimeout = 0\n[urgency_low]\ntimeout = 0\n')
    Program("dunst", "dunst", "-conf", settings)
    until(lambda: bus().name_has_owner(NOTIFICATIONS), "a notification server stands")


def shown():
    """How many notices stand on the screen."""
    done = subprocess.run(["dunstctl", "count", "displayed"], capture_output=True, text=True, check=True)
    return int(done.stdout)


def told():
    """What stands on the screen, by closing it and reading the history: newest first."""
    subprocess.run(["dunstctl", "close-all"], check=True)
    history = json.loads(subprocess.run(["dunstctl", "history"], capture_output=True, text=True, check=True).stdout)
    return [(one["summary"]["data"], one["body"]["data"]) for one in history["data"][0]]


def budgets():
    provider, ollama = Provider(), Ollama()
    provider.usage = {"input_tokens": 1000, "output_tokens": 8000}  # 12.3 cents
    WEIR_HOME.mkdir(mode=0o700, exist_ok=True)
    (WEIR_HOME / "config.toml").write_text(
        f'[server]\nport = 0\n[providers.anthropic]\nbase_url = "{provider.url}"\nkey = "none"\n'
        f'[providers.ollama]\nbase_url = "{ollama.url}"\n'
        f'[tiers]\nlow = ["ollama/{LOCAL}"]\nmedium = ["anthropic/claude-haiku-4-5"]\nhigh = ["anthropic/{MODEL}"]\n'
    )
    start_notifications()
    server = Program("weir", os.environ["WEIR_BIN"], "serve")
    until(lambda: healthy(port()), "the proxy answers")
    at = port()
    weir("budget", "set", "week", "--period", "week", "--limit", "2.00", "--at-limit", "local")
    weir("cost", "alert", "--threshold", "2.00", "--period", "week")
    client = Client(at, weir("client", "add", "script").strip())
    for n in range(1, 17):
        status, headers, text = client.ask()
        check(status == 200 and headers["x-weir-route"] == f"anthropic/{MODEL}", f"request {n}: {status} {text}")
    check(not ollama.asked, "nothing is local before the limit")
    for n in range(17, 20):
        status, headers, text = client.ask()
        check(status == 200, f"request {n} is answered: {text}")
        check(headers["x-weir-route"] == f"ollama/{LOCAL}", f"request {n} is local: {dict(headers)}")
        check(headers["x-weir-reason"] == "budget-local", f"request {n} says why: {dict(headers)}")
    client.end()
    check(provider.requests == 16, f"{provider.requests} paid requests")
    listed = weir("budget", "list")
    check("$1.97 of $2.00, now local" in listed, listed)
    check("Week budget at its limit" in weir("status"), "status says so")
    expected = [
        "Week budget at 70 %: $1.48 of $2.00. From $2.00 on, only local models until Monday.",
        "Week budget at 90 %: $1.85 of $2.00. From $2.00 on, only local models until Monday.",
        "Week budget at its limit: $1.97 of $2.00, and a request that is likely to cost $0.1201 does "
        "not fit. Local models answer instead until Monday.",
    ]
    # Late in a week its forecast says something too, in notices of its own.
    until(lambda: shown() >= len(expected), lambda: f"three notices stand on the screen: {shown()}, told {told()}")
    shot("budget-notices")
    heard = []

    def all_three():
        heard[:] = [text for _, text in reversed(told()) if "at this pace" not in text]
        return len(heard) >= len(expected)

    until(all_three, "three notices")
    check(heard == expected, f"the notices, each once: {heard}")
    check(server.alive(), "it still serves")


if __name__ == "__main__":
    try:
        budgets()
    except Exception:
        tell_all()
        raise
    finally:
        end_all()
