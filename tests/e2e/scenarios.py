"""One scenario a run, named in the argument: what a person meets on a desktop, step by step."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import dbus

from desktop import (
    HOME,
    WATCHER,
    WEIR_HOME,
    Failed,
    Notices,
    Program,
    Tray,
    below,
    bus,
    check,
    close,
    end_all,
    healthy,
    libraries,
    port,
    resize,
    shot,
    size,
    start_panel,
    start_window_manager,
    status,
    tell_all,
    tray_items,
    tray_program,
    until,
    weir,
    window,
    windows,
)
from keychain import open_keyring, stored
from page import Page
from provider import Ollama, Provider

MODEL = "claude-sonnet-4-5"
ASK = {"model": MODEL, "max_tokens": 400, "messages": [{"role": "user", "content": "Is this metered?"}]}


def configure(provider, extra=""):
    WEIR_HOME.mkdir(mode=0o700, exist_ok=True)
    (WEIR_HOME / "config.toml").write_text(
        f'[server]\nport = 0\n[providers.anthropic]\nbase_url = "{provider.url}"\nkey = "none"\n'
        f'[providers.openai]\nbase_url = "{provider.url}/v1"\nkey = "none"\n{extra}'
    )


def ask(at, token, path="/v1/messages", seconds=20, **changes):
    """Sends a request through Weir and returns the answer's status."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{at}{path}",
        json.dumps({**ASK, **changes}).encode(),
        {"content-type": "application/json", "x-weir-token": token, "anthropic-version": "2023-06-01"},
    )
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            answer.read()
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def serving(program):
    """The port, once the program serves."""
    def probe():
        check(program.alive(), f"weir-tray runs; it said:\n{program.said()}")
        return healthy(port())

    until(probe, "the proxy answers")
    return port()


def tray():
    """The tray's life: status line, window on demand, pause, address, second start, quit."""
    provider = Provider()
    configure(provider)
    start_window_manager()
    start_panel()
    program = tray_program()
    item = Tray(program.pid)
    at = serving(program)
    item.wait_for(rf"^Weir · listening on {at}$")
    check(item.wait_for("^Today ")[1] == "Today $0   Week $0", f"the second line: {item.rows()}")
    check(item.labels()[2:] == [
        "No request today", "Open Weir", "Pause routing (budgets still hold)", "Local models only",
        "Local models", "Profile", "Tools", "Copy address", "Start at login", "Quit…",
    ], f"the menu: {item.rows()}")
    check(not item.row("Weir ·")[2], "the status line cannot be clicked")
    weir("tunnel", "start", "--host", "cursor.example.com")
    item.wait_for(r"^Close the Cursor tunnel \(\$0 of \$")
    item.wait_for(r"^Weir · .* · tunnel open$")
    item.click("Close the Cursor tunnel")
    until(lambda: not any("Cursor" in label for label in item.labels()), "a closed tunnel has no line")
    check(not windows(), "no window opens unasked when there is a tray")
    check(not webviews(program.pid), "no webview runs without a window")

    token = weir("client", "add", "script").strip()
    check(ask(at, token) == 200, "a request is answered")
    item.wait_for(r"^Today \$0\.0087   Week \$0\.0087$")
    item.wait_for(r"^Local 0 % today$")

    calm = item.pixels()
    item.click("Pause")
    until(lambda: status()["routing"]["paused"], "the engine is paused")
    until(lambda: item.row("Pause")[3], "the pause is ticked")
    item.wait_for(r" · paused$")
    until(lambda: item.pixels() != calm, "the icon shows the pause")
    check(ask(at, token) == 200, "a paused Weir passes requests through")
    item.click("Pause")
    until(lambda: not status()["routing"]["paused"], "the engine routes again")
    until(lambda: not item.row("Pause")[3], "the tick is gone")
    until(lambda: item.pixels() == calm, "the icon is calm again")

    item.click("Copy")
    until(lambda: clipboard() == f"http://127.0.0.1:{at}", "the address is on the clipboard")

    item.click("Open")
    first = window()
    shot("tray-window")
    resize(first, 930, 610)
    close(first)
    until(lambda: not below(program.pid), lambda: f"nothing is left of the closed window: {below(program.pid)}")
    check(healthy(at), "the proxy outlives the window")
    second = tray_program()
    check(second.ended() == 0, f"a second start ends well: {second.said()}")
    check(size(window()) == (930, 610), "the window is as large as it was left")
    check(len(windows()) == 1, "a second start shows the window of the first")
    check(status()["pid"] == program.pid, "and starts no second engine")

    close(windows()[0])
    item.item.Activate(0, 0, dbus_interface="org.kde.StatusNotifierItem")
    window()

    desktop_entry = WEIR_HOME.parent / ".config/autostart"
    check(not item.row("Start at login")[2], "a home named by WEIR_HOME cannot be started at login")
    check(not desktop_entry.exists(), "nothing starts at login unasked")

    check(item.labels("Quit") == ["Keep serving without this icon", "Stop serving and quit"], f"the ask: {item.labels('Quit')}")
    item.click("Keep serving", "Quit")
    until(lambda: not any(f"-{program.pid}-" in each for each in tray_items()), "the icon is gone")
    until(lambda: not windows(), "and the window with it")
    check(program.alive() and healthy(at), "the proxy goes on")
    check(ask(at, token) == 200, "and answers")
    check(tray_program().ended() == 0, "another start ends well")
    item = Tray(program.pid)
    window()
    check(status()["pid"] == program.pid, "and brings back the icon and the window of the first")
    item.wait_for(rf"^Weir · listening on {at}$")

    item.click("Stop serving and quit", "Quit")
    check(program.ended() == 0, f"quitting ends with 0: {program.said()}")
    check(not answers(at), "nothing listens after quitting")
    check(program.out.read_text() == "" and program.err.read_text() == "", f"nothing was complained about: {program.said()}")


def process():
    """The window is a process of its own: what stays loads no window library, and outlives its crash."""
    configure(Provider())
    start_window_manager()
    start_panel()
    told = Notices()
    program = tray_program()
    item = Tray(program.pid)
    at = serving(program)
    graphical = lambda pid: [each for each in libraries(pid) if re.match(r"lib(webkit|javascriptcore|gtk|gdk)", each)]
    check(not graphical(program.pid), f"what stays has no window library: {graphical(program.pid)}")
    check(not below(program.pid), f"and nothing beside it: {below(program.pid)}")

    item.click("Open")
    window()
    first = until(lambda: panes(program.pid), "the window has a process")
    check(len(first) == 1 and graphical(first[0]), "which has the libraries")
    check(os.getpgid(first[0]) == first[0], "a terminal's Ctrl-C goes to what stays alone")
    out, err = (os.readlink(f"/proc/{first[0]}/fd/{each}") for each in (1, 2))
    check(out == err, f"what a library prints is no word of the window's: {out}, {err}")
    check(tray_program("--page", "budgets").ended() == 0, "a second start ends well")
    check(panes(program.pid) == first and len(windows()) == 1, "and shows the same window")

    os.kill(first[0], signal.SIGKILL)
    told.wait_for("the window ended by itself")
    check("the window ended by itself" in program.said(), "and the terminal hears of it too")
    until(lambda: not windows() and not below(program.pid), "nothing is left of it")
    check(healthy(at) and program.alive(), "the proxy goes on")
    item.click("Open")
    window()
    second = until(lambda: panes(program.pid), "another window opens")

    for webview in webviews(program.pid):
        os.kill(webview, signal.SIGKILL)
    gone = lambda pid: not pathlib.Path(f"/proc/{pid}").exists()
    until(lambda: gone(second[0]), "a window whose page died is no empty frame")
    until(lambda: not windows() and not below(program.pid), "nor is anything else left of it")
    item.click("Open")
    window()
    third = until(lambda: panes(program.pid), "one more window opens")
    check(third != second and not gone(third[0]), f"which is another process: {second}, {third}")

    program.process.kill()
    program.process.wait()
    until(lambda: gone(third[0]), "the window ends with what stays")
    check(not windows(), "and is seen no more")

    for said, code, words in (('{"news": 1}\n', 4, "Weir was updated; quit it and start weir-tray again"), ("", 0, "")):
        pane = [os.environ["WEIR_TRAY_BIN"], "window", "--home", WEIR_HOME]
        ended = subprocess.run(pane, input=said, capture_output=True, text=True, timeout=10, check=False)
        check(ended.returncode == code and words in ended.stderr, f"a window that is told {said!r}: {ended}")

    program = tray_program("--show", "--hidden")
    item = Tray(program.pid)
    window()
    item.click("Stop serving and quit", "Quit")
    check(program.ended() == 0, f"quitting with an open window ends with 0: {program.said()}")
    check(not windows(), "and closes the window")


def menu():
    """The menus below: local models, profiles and tools, each done by a click and drawn in place."""
    provider, ollama = Provider(), Ollama()
    configure(provider, f'[providers.ollama]\nbase_url = "{ollama.url}"\n[tiers]\nlow = ["ollama/llama3.2:3b"]\n')
    start_window_manager()
    start_panel()
    notices = Notices()
    program = tray_program()
    item = Tray(program.pid)
    at = serving(program)
    qwen, llama = "● qwen2.5-coder:7b   loaded, 5.1 GB", "○ llama3.2:3b   2.0 GB"
    item.wait_for("^● qwen", "Local models")
    shown = item.labels("Local models")
    check(shown[:3] == ["Use local models", qwen, llama], f"the local models: {shown}")
    check(item.labels("Local models", "○ llama") == ["Use in routing", "Load"], f"below a model: {item.rows(('Local models', '○ llama'))}")
    item.click("Load", "Local models", "○ llama3.2:3b")
    item.wait_for("^● llama3.2:3b   loaded, 2.0 GB$", "Local models")
    check("llama3.2:3b" in ollama.loaded, "a click loads a model")
    item.click("Unload", "Local models", "● qwen")
    item.wait_for("^○ qwen2.5-coder:7b   5.1 GB$", "Local models")

    token = weir("client", "add", "script").strip()
    before = provider.requests
    check(item.row("Use in routing", "Local models", "● llama")[3], "the model is in use")
    item.click("Use in routing", "Local models", "● llama")
    until(lambda: status()["routing"]["models_off"] == ["ollama/llama3.2:3b"], "one model is out of routing")
    item.wait_for("^● llama3.2:3b   loaded, 2.0 GB, off$", "Local models")
    until(lambda: not item.row("Use in routing", "Local models", "● llama")[3], "and the menu says so")
    check(item.row("Use in routing", "Local models", "○ qwen")[3], "the other one stays in use")
    check(ask(at, token, model="ollama/llama3.2:3b") == 400, "a request for it is refused")
    item.click("Use in routing", "Local models", "● llama")
    item.wait_for("^● llama3.2:3b   loaded, 2.0 GB$", "Local models")
    check(ask(at, token, model="ollama/llama3.2:3b") == 200, "and answered again")
    check(provider.requests == before, "none of it by the cloud")

    item.click("Use local models", "Local models")
    until(lambda: not status()["routing"]["local_on"], "local models are out of routing")
    until(lambda: not item.row("Use local models", "Local models")[3], "and the menu says so")

    item.click("Local models only")
    # A panel ticks what is clicked by itself, so the engine is asked.
    until(lambda: status()["routing"]["local_only"], "only local models are in use")
    until(lambda: item.row("Local models only")[3], "and the menu says so")
    until(lambda: item.row("Use local models", "Local models")[3], "which uses them again")
    check(ask(at, token) == 200, "a request for a cloud model is answered")
    check(provider.requests == 0, "and nothing left this machine")
    item.click("Local models only")
    until(lambda: not status()["routing"]["local_only"], "all models are in use again")
    check(ask(at, token) == 200 and provider.requests == 1, "and the cloud answers again")

    weir("profile", "add", "work")
    item.wait_for("^work$", "Profile")
    item.click("work", "Profile")
    until(lambda: json.loads(weir("profile", "list", "--json"))["in_use"] == "work", "the profile is in force")
    until(lambda: item.row("work", "Profile")[3], "the profile is ticked")
    until(lambda: not item.row("default", "Profile")[3], "and the other is not")
    (WEIR_HOME / "profiles" / "bad.toml").write_text("[tiers]\nlow = [\"nobody/x\"]\n")
    weir("local", "on")
    item.wait_for("^bad   does not hold$", "Profile")
    item.click("bad", "Profile")
    told = notices.wait_for("bad.toml, line 2: tiers.low[0]")
    check("nothing was changed" in told["body"], f"what failed is told: {told}")
    until(lambda: item.row("work", "Profile")[3] and not item.row("bad", "Profile")[3], "the tick is where it was")

    check(item.labels("Tools") == ["Connect a tool…"], f"no tool is connected: {item.labels('Tools')}")
    claude = pathlib.Path.home() / ".claude"
    claude.mkdir()
    (claude / "settings.json").write_text('{"model": "opus"}\n')
    weir("connect", "claude-code")
    item.wait_for("^Claude Code$", "Tools")
    check(item.row("Claude Code", "Tools")[3], "a connected tool is ticked")
    check(item.labels("Quit")[0] == "1 tool goes through Weir:", f"quitting asks: {item.labels('Quit')}")
    item.click("Claude Code", "Tools")
    until(lambda: (claude / "settings.json").read_text() == '{"model": "opus"}\n', "its settings are put back")
    item.wait_for("^Connect a tool…$", "Tools")
    weir("connect", "claude-code")
    item.wait_for("^Restore the tools and quit$", "Quit")
    item.click("Restore the tools and quit", "Quit")
    check(program.ended() == 0, f"quitting ends with 0: {program.said()}")
    check((claude / "settings.json").read_text() == '{"model": "opus"}\n', "the tool is put back before the end")
    again = Program("weir-tray", os.environ["WEIR_TRAY_BIN"])
    until(lambda: "ANTHROPIC_BASE_URL" in (claude / "settings.json").read_text(), "and connected again at the next start")
    again.stop()


def notices():
    """A budget's notifications: each button does what it says, and the window opens where it belongs."""
    provider = Provider()
    configure(
        provider,
        """
        [[budgets]]
        name = "day"
        period = "day"
        limit_usd = 0.02
        thresholds = [40]
        at_limit = "notify"
        [[budgets]]
        name = "week"
        period = "week"
        limit_usd = 0.02
        thresholds = [40, 80]
        at_limit = "block"
        """,
    )
    start_window_manager()
    start_panel()
    told = Notices()
    program = tray_program()
    at = serving(program)
    token = weir("client", "add", "script").strip()

    def week():
        return next(b for b in status()["budgets"] if b["name"] == "week")

    check(ask(at, token) == 200, "a request is answered")
    day, first = told.wait_for("Day budget"), told.wait_for("Week budget")
    check(first["icon"] == "weir-tray", f"the icon is the one that packages install: {first}")
    check(day["actions"] == ["open", "Open", "raise", "Raise for today", "local", "Go local"], f"the buttons: {day}")
    check(not windows(), "a notification opens nothing by itself")
    told.click_until(first, "raise", lambda: week()["changed_until"] is not None, "the limit is raised")
    check(week()["limit_usd"] == "0.040000000", f"by its own limit: {week()}")
    told.click_until(day, "open", windows, "the window opens")
    window()
    shot("notice-open")
    for _ in range(3):
        check(ask(at, token) == 200, "the raised limit lets more through")
    second = told.wait_for("Week budget", after=max(day["id"], first["id"]))
    told.click_until(second, "local", lambda: week()["at_limit"] == "local" and week()["step"] == "local", "only local models are left")
    check(ask(at, token) == 402, "nothing paid goes out any more")
    Tray(program.pid).click("Stop serving and quit", "Quit")
    check(program.ended() == 0, program.said())

    # The window remembers the page that the notification opened.
    with Page(os.environ["WEIR_TRAY_BIN"], "--show") as shown:
        shown.wait_for("Budgets")
        until(lambda: shown.run("return document.querySelector('main h1')?.textContent") == "Budgets", "it was the page of the budgets")


def shown():
    """A real notification server shows the notice, and the real keychain keeps the key."""
    provider = Provider()
    configure(
        provider,
        """
        [[budgets]]
        name = "week"
        period = "week"
        limit_usd = 0.02
        thresholds = [40]
        at_limit = "notify"
        """,
    )
    start_window_manager()
    start_panel()
    Program("dunst", "dunst")
    until(lambda: bus().name_has_owner("org.freedesktop.Notifications"), "dunst stands")
    open_keyring()
    (WEIR_HOME / "config.toml").write_text(
        (WEIR_HOME / "config.toml").read_text().replace('key = "none"', 'key = "keychain"', 1)
    )
    with Page(os.environ["WEIR_TRAY_BIN"], "--show") as page_:
        at = until(port, "the engine serves")
        page_.wait_for("First steps")
        page_.click("Skip all")
        page_.key("5")
        page_.wait_for("anthropic")
        page_.run("[...document.querySelectorAll('.bar')].find((bar) => bar.textContent.includes('anthropic')).click()")
        page_.put("input[type=password]", "sk-ant-canary-4711")
        page_.click("Save and test")
        until(lambda: "sk-ant-canary-4711" in provider.keys, "the stored key is tried at once")
        page_.wait_for("accepts the key")
        check("sk-ant-canary" not in page_.run("return document.documentElement.outerHTML"), "the key is nowhere on the page")
        check("sk-ant-canary-4711" in stored(), "the key is in the keychain")
        token = weir("client", "add", "script").strip()
        check(ask(at, token) == 200, "a request is answered")
        until(lambda: "Week budget" in dunst_history(), "the notice was on the screen")
        shot("notice")


def dunst_history():
    """What was shown and is closed."""
    subprocess.run(["dunstctl", "close-all"], check=True)
    return subprocess.run(["dunstctl", "history"], capture_output=True, text=True, check=True).stdout


def page():
    """The window's page: what it shows, live; what it may not do."""
    provider = Provider()
    configure(provider)
    start_window_manager()
    start_panel()
    with Page(os.environ["WEIR_TRAY_BIN"], "--show") as shown:
        at = until(port, "the engine serves")
        shown.wait_for(f"Listening on 127.0.0.1:{at}")
        shown.wait_for("First steps")
        shown.click("Skip all")
        shown.wait_for("No request has come through yet.")
        token = weir("client", "add", "script").strip()
        ask(at, token)
        shown.wait_for("$0.0087")
        shown.wait_for("1 request")
        # The parts of the page are drawn as their answers come.
        until(lambda: "Done" in shown.text() and MODEL in shown.text(), lambda: f"the row: {shown.text()}")

        stream = threading.Thread(target=ask, args=(at, token), kwargs={"stream": True}, daemon=True)
        stream.start()
        shown.wait_for("1 answer under way")
        shown.wait_for("up to $")
        provider.hold.set()
        stream.join(20)
        shown.wait_for("2 requests")
        until(lambda: "under way" not in shown.text(), "the ended stream is drawn as ended")

        shown.click("Pause routing")
        shown.wait_for("every request goes where it asked")
        check(status()["routing"]["paused"], "the button pauses the engine")
        shown.click("Resume routing")
        until(lambda: not status()["routing"]["paused"], "the button resumes routing")
        shown.click("Copy address")
        until(lambda: clipboard() == f"http://127.0.0.1:{at}", "the button copies the address")
        shot("page")
        every_page(shown, at)

        check(shown.run("return typeof window.__TAURI__") == "undefined", "no global door")
        check(shown.run("return Object.isFrozen(Object.prototype)"), "the prototype is frozen")
        check(shown.refused("https://example.com"), "the page cannot fetch from elsewhere")
        check(shown.refused(f"http://127.0.0.1:{at}/healthz"), "the page cannot reach the proxy either")
        sent = "fetch('ipc://localhost/plugin%3Aapp%7Cversion', {method: 'POST', body: '{}'}).then((a) => done(a.status), () => done('failed'))"
        check(shown.wait_on(sent) != 200, "what goes past the frame is not answered")
        frame = "document.getElementById('__tauri_isolation__')"
        check(shown.run(f"return {frame}.getClientRects().length") == 0, "the frame between page and program is not seen")
        check(shown.run(f"return {frame}.contentDocument") is None, "the page cannot reach into it")
        check("answered" in shown.invoke("pause", paused=False), "what the page may say passes it")
        for command, given in (("plugin:app|version", {}), ("pause", {"paused": True, "more": 1}), ("pause", {"paused": "yes"})):
            said = shown.invoke(command, **given)
            check("refused_between_page_and_program" in said and "answered" not in said, f"the frame refuses {command} {given}: {said}")
        check(not status()["routing"]["paused"], "and nothing of it was done")
        before = shown.url()
        shown.run("window.location.href = 'https://example.com/'")
        time.sleep(0.5)  # a navigation that is allowed would have begun by now
        check(shown.url() == before, f"the page stays where it is, not {shown.url()}")


def every_page(shown, at):
    """Each page through the real program: what it shows came from the engine, and what it does is done."""
    shown.key("2")
    shown.wait_for("2 requests")
    shown.run("document.querySelector('table[role=grid] tbody tr[id]').click()")
    shown.wait_for("What happened")
    shown.wait_for("Total")
    shot("page-request")
    shown.key("3")
    shown.wait_for("Where would it go?")
    shown.wait_for("No rule: the mode alone decides.")
    shown.put("#route-text", "Sort these words: pear, apple")
    until(lambda: "Expected" in shown.text(), "the prompt is judged and planned")
    shot("page-routing")
    before = (WEIR_HOME / "config.toml").read_text()
    shown.click("Edit")
    shown.put("#add-low", "openai/gpt-5-mini")
    shown.run("document.querySelector('[aria-label=\"Add to low\"]').click()")
    shown.wait_for('"openai/gpt-5-mini"]')
    check((WEIR_HOME / "config.toml").read_text() == before, "nothing is written by looking")
    shot("page-routing-edit")
    shown.click("Write it")
    shown.wait_for("and in force.")
    check("openai/gpt-5-mini" in status()["routing"]["tiers"]["low"], "the chain is in force")
    check((WEIR_HOME / "config.toml").read_text().startswith(before.rstrip()), "and nothing else of the file was touched")
    shown.click("Edit")
    shown.put("#add-low", "nobody/x")
    shown.run("document.querySelector('[aria-label=\"Add to low\"]').click()")
    shown.wait_for("no provider is called")
    shown.wait_for("tiers.low[")
    shown.click("Discard")
    check("nobody" not in (WEIR_HOME / "config.toml").read_text(), "a bad chain is not written")
    shown.key("4")
    shown.wait_for("Without a budget nothing stops a costly loop.")
    shown.wait_for("limit_usd = 5.00")
    check("[[budgets]]" not in (WEIR_HOME / "config.toml").read_text(), "its lines are shown before they are written")
    shown.click("Set this budget")
    shown.wait_for("of $5.00")
    check("limit_usd" in (WEIR_HOME / "config.toml").read_text(), "the budget is written to config.toml")
    shot("page-budgets")
    shown.key("5")
    shown.wait_for("Prices:")
    shot("page-providers")
    shown.key("6")
    shown.wait_for("Local models: on")
    shown.click("Local models: on")
    until(lambda: not status()["routing"]["local_on"], "the switch turns local models off")
    shown.click("Local models: off")
    until(lambda: status()["routing"]["local_on"], "and on again")
    shot("page-local")
    shown.key("7")
    shown.wait_for("Claude Code")
    shown.run("document.querySelector('[aria-label=\"Connect Claude Code\"]').click()")
    shown.wait_for("This is all that changes.")
    settings = pathlib.Path.home() / ".claude" / "settings.json"
    check(not settings.exists(), "nothing is changed before it is asked for")
    shot("page-tools")
    shown.click("Connect Claude Code")
    shown.wait_for("Waiting for its first request.")
    check(f"127.0.0.1:{at}" in settings.read_text(), "the tool is pointed at Weir")
    shown.click("Disconnect")
    until(lambda: not settings.exists(), "the tool's settings are put back")
    shown.key("8")
    shown.wait_for("No problem in it")
    shown.click("Use another port")
    shown.fill("#port-wanted", "9477")
    shown.wait_for("from its next start")
    shown.click("Write it")
    shown.wait_for("Written to")
    check("port = 9477" in (WEIR_HOME / "config.toml").read_text(), "the port is written")
    check(healthy(at), "and it goes on listening where it did")
    # In a home of its own; `tests/e2e/run panel` switches it in the usual one.
    login = "//label[contains(., 'Start Weir when I log in')]/input"
    box = f'document.evaluate("{login}", document, null, 9).singleNodeValue'
    check(shown.run(f"return {box}.disabled"), "a home named by WEIR_HOME cannot be started at login")
    shown.wait_for("this one was named by --home or WEIR_HOME")
    shown.put("#profile-name", "work")
    shown.click("Copy what is in use")
    shown.wait_for("begins as a copy")
    shown.run("document.querySelector('[aria-label=\"Use work\"]').click()")
    until(lambda: json.loads(weir("profile", "list", "--json"))["in_use"] == "work", "the profile is in force")
    shown.wait_for("Work is in force")
    shown.click("Check now")
    shown.wait_for("Check again")
    shot("page-settings")
    shown.key("1")
    shown.wait_for("Spend by day")


def no_tray():
    """A desktop without a tray host: said once, window, serving; a tray that comes later is used."""
    configure(Provider())
    start_window_manager()
    check(not bus().name_has_owner(WATCHER), "no tray host stands")
    program = tray_program()
    first = window()
    at = serving(program)
    check(program.err.read_text().count("no tray on this desktop") == 1, f"said once: {program.said()}")
    shot("no-tray")
    close(first)
    check(healthy(at), "the proxy outlives the window")
    start_panel()
    item = Tray(program.pid)
    item.wait_for(f"listening on {at}")
    check(program.err.read_text().count("no tray on this desktop") == 1, f"still said once: {program.said()}")
    program.process.send_signal(signal.SIGTERM)
    check(program.ended() == 0, f"asked to stop it ends with 0: {program.said()}")
    check(not answers(at), "nothing listens after the end")


def hidden():
    """Started as at login where nothing shows icons: it serves and opens nothing, until it is asked."""
    provider = Provider()
    configure(provider)
    start_window_manager()
    program = tray_program("--hidden")
    at = serving(program)
    until(lambda: "no tray on this desktop" in program.err.read_text(), "it says that there is no icon")
    check(tray_program("--hidden").ended() == 0, "another start like it ends well")
    check(not windows() and not below(program.pid), "no window opens unasked")
    check(tray_program().ended() == 0, "another start ends well")
    window()
    check(healthy(at), "and shows the window")

    token = weir("client", "add", "script").strip()
    threading.Thread(target=ask, args=(at, token), kwargs={"stream": True}, daemon=True).start()
    until(lambda: status()["streams"] == 1, "an answer is under way")
    program.process.send_signal(signal.SIGTERM)
    until(lambda: not windows(), "the window is closed first")
    check(program.alive(), "and the answer may finish")
    second, third = tray_program("--hidden"), tray_program()
    window_less = lambda: not windows() and second.alive() and third.alive()
    check(window_less(), "a start meanwhile waits for the end")
    provider.hold.set()
    check(program.ended() == 0, program.said())
    until(lambda: status()["pid"] in (second.pid, third.pid), "one of them takes its place")
    window()
    until(lambda: second.alive() != third.alive(), "and the other shows its window and ends")


def no_display():
    """No display at all: said, and served like `weir serve` would."""
    check("DISPLAY" not in os.environ, "there is no display")
    configure(Provider())
    program = tray_program()
    until(lambda: "listening on http://127.0.0.1:" in program.out.read_text(), "it says where it listens")
    at = serving(program)
    check(program.out.read_text().strip() == f"listening on http://127.0.0.1:{at}", program.said())
    check(program.err.read_text().count("no display was found") == 1, program.said())
    second = tray_program()
    check(second.ended() == 0 and f"port {at}" in second.said(), f"a second start says who serves: {second.said()}")
    program.process.send_signal(signal.SIGTERM)
    check(program.ended() == 0, program.said())
    check(not answers(at), "nothing listens after the end")


def login():
    """The usual home: "Start at login" writes what the desktop reads, and takes it away again."""
    start_window_manager()
    start_panel()
    program = tray_program("--port", "0", WEIR_HOME="")
    item = Tray(program.pid)
    item.wait_for("listening on")
    entry = HOME / ".config/autostart/Weir.desktop"
    check(not item.row("Start at login")[3], "nothing starts at login unasked")
    item.click("Start at login")
    until(entry.exists, "the desktop is told to start it")
    check(f"Exec={os.environ['WEIR_TRAY_BIN']} --hidden" in entry.read_text(), entry.read_text())
    until(lambda: item.row("Start at login")[3], "the menu says so")
    item.click("Start at login")
    until(lambda: not entry.exists(), "the desktop is told not to")
    until(lambda: not item.row("Start at login")[3], "the menu says so")
    item.click("Stop serving and quit", "Quit")
    check(program.ended() == 0, program.said())


def attached():
    """`weir serve` runs already: the tray attaches, and takes over when that engine stops."""
    configure(
        Provider(),
        '[[budgets]]\nname = "week"\nperiod = "week"\nlimit_usd = 0.02\nthresholds = [40]\nat_limit = "notify"\n',
    )
    start_window_manager()
    start_panel()
    told = Notices()
    server = Program("weir", os.environ["WEIR_BIN"], "serve")
    at = serving(server)
    program = tray_program()
    item = Tray(program.pid)
    item.wait_for(f"listening on {at}$")
    check(item.row("Quit (Weir goes on serving")[2], "quitting takes nothing away, so it does not ask")
    check(status()["pid"] == server.pid, "one engine serves, and it is the first")
    item.click("Pause")
    until(lambda: status()["routing"]["paused"], "the tray pauses the other engine")
    item.click("Open")
    opened = window()
    shot("attached")
    close(opened)
    until(lambda: not windows(), "the window is closed again")
    token = weir("client", "add", "script").strip()
    ask(at, token)
    item.wait_for(r"^Today \$0\.0087 ")
    week = told.wait_for("Week budget")
    check(week["actions"][:2] == ["open", "Open"], f"the other engine's notification opens the window too: {week}")
    told.click_until(week, "open", windows, "the tray's window opens")
    window()
    check(len([t for t in tray_items() if str(program.pid) in t]) == 1 and status()["pid"] == server.pid, "and nothing is started anew")

    server.process.send_signal(signal.SIGTERM)
    check(server.ended() == 0, server.said())
    until(lambda: status()["pid"] == program.pid, "the tray serves within 5 seconds", 5)
    now = port()
    check(healthy(now), "its proxy answers")
    item.wait_for(f"listening on {now}")
    item.wait_for(r"^Today \$0\.0087 ")
    item.click("Stop serving and quit", "Quit")
    check(program.ended() == 0, program.said())


def told():
    """What dunst has shown so far."""
    subprocess.run(["dunstctl", "close-all"], check=True, timeout=10)
    history = json.loads(subprocess.run(["dunstctl", "history"], check=True, timeout=10, capture_output=True).stdout)
    return " ".join(note["body"]["data"] for note in history["data"][0])


def guardian():
    """A connected tool outlives the tray's death, its leaving, and an engine that only dies again."""
    configure(Provider())
    start_window_manager()
    start_panel()
    Program("dunst", "dunst")
    until(lambda: bus().name_has_owner("org.freedesktop.Notifications"), "notifications are shown")
    settings = HOME / ".claude/settings.json"
    settings.parent.mkdir()
    settings.write_text('{ "theme": "dark" }\n')
    before = settings.read_bytes()
    program = tray_program("--port", "9347")
    at = serving(program)
    weir("connect", "claude-code")
    check(f"127.0.0.1:{at}" in settings.read_text(), "the tool is connected")
    watched = lambda: subprocess.run(["pgrep", "-f", f"guard --home {WEIR_HOME}"], capture_output=True, text=True).stdout.split()
    first = until(watched, "somebody watches")
    check(len(first) == 1, f"one guardian: {first}")
    check("weir" == pathlib.Path(f"/proc/{first[0]}/exe").resolve().name, "the guardian loads no window library")

    program.process.kill()
    program.process.wait()
    until(lambda: healthy(at) and status()["pid"] != program.pid, "it serves again within 5 seconds", 5)
    tray = status()["pid"]
    item = Tray(tray)
    item.wait_for(rf"listening on {at}$")
    until(lambda: watched() not in ([], first), "it is watched anew")

    item.click("Keep serving", "Quit")
    until(lambda: not any(f"-{tray}-" in each for each in tray_items()), "the icon is gone")
    check(healthy(at) and status()["pid"] == tray, "it serves without the icon")
    check(f"127.0.0.1:{at}" in settings.read_text(), "the tool is still connected")
    alone = tray

    os.kill(alone, signal.SIGKILL)
    until(lambda: healthy(at) and status()["pid"] != alone, "it serves again", 5)
    os.kill(status()["pid"], signal.SIGKILL)
    until(lambda: settings.read_bytes() == before, "then the tool is put back, byte for byte", 5)
    until(lambda: "not restarted" in told(), "and the desktop says so")
    shot("given-up")
    check("Claude Code" in told(), told())
    until(lambda: not watched(), "nobody is left")


def port_taken():
    """Something else has the port: the tray says who, and serves once it is free."""
    taken = socket.create_server(("127.0.0.1", 0))
    at = taken.getsockname()[1]
    start_window_manager()
    start_panel()
    with Page(os.environ["WEIR_TRAY_BIN"], "--show", "--port", str(at)) as shown:
        shown.wait_for(f"{at}")
        shown.wait_for("Not serving")
        check(f"pid {os.getpid()}" in shown.text(), f"it says who has the port: {shown.text()}")
        item = Tray(shown.pid())
        item.wait_for("^Weir · not serving")
        check(item.labels()[1:] == ["Open Weir", "Tools", "Start at login", "Quit Weir"], f"nothing can be copied or paused: {item.rows()}")
        window()
        shot("port-taken")
        taken.close()
        shown.click("Try again")
        shown.wait_for(f"Listening on 127.0.0.1:{at}")
        check(healthy(at), "the proxy answers")
        item.wait_for(f"listening on {at}$")
        item.click("Stop serving and quit", "Quit")

    with socket.create_server(("127.0.0.1", 0)) as free:
        another = free.getsockname()[1]
    taken = socket.create_server(("127.0.0.1", at))
    with Page(os.environ["WEIR_TRAY_BIN"], "--show", "--port", str(at)) as shown:
        shown.wait_for("Not serving")
        shown.click("Use another port")
        shown.fill("#port-elsewhere", str(another))
        shown.click("Use it")
        shown.wait_for(f"Listening on 127.0.0.1:{another}")
        check(healthy(another), "the proxy answers at the other port")
        check(f"port = {another}" in (WEIR_HOME / "config.toml").read_text(), "which is written for the next start")
    taken.close()


def no_home():
    """The home cannot be used: the window says so and what to do, and Weir serves once it is done."""
    WEIR_HOME.write_text("a file where the folder was to be")
    start_window_manager()
    start_panel()
    with Page(os.environ["WEIR_TRAY_BIN"], "--hidden") as shown:
        shown.wait_for("Not serving")
        shown.wait_for("is not a folder")
        Tray(shown.pid()).wait_for("^Weir · not serving")
        WEIR_HOME.unlink()
        configure(Provider())
        shown.click("Try again")
        at = until(port, "the engine serves")
        shown.wait_for(f"Listening on 127.0.0.1:{at}")
        check((WEIR_HOME / "tray.lock").read_text() == f"{shown.pid()}\n", "it is the home's tray from now on")
        check(tray_program().ended() == 0, "a second start finds it")
        check(len(windows()) == 1, "and shows the same window")
        Tray(shown.pid()).click("Stop serving and quit", "Quit")


def history():
    """A month of a developer's sessions, as the tools log them, taken over as their owner would."""
    claude_history()
    codex_history()


def codex_history():
    """Codex's sessions: the sums of a session so far, a request a line. None on a Friday or at a weekend."""
    today = time.time() // 86_400 * 86_400
    for back in range(1, 30):
        day = time.gmtime(today - back * 86_400)
        if day.tm_wday > 3:
            continue
        stamp = lambda second: time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(today - back * 86_400 + 36_000 + second))
        lines = [
            {"timestamp": stamp(0), "type": "session_meta", "payload": {"id": f"u{back}", "cwd": "/home/a/shop"}},
            {"timestamp": stamp(1), "type": "turn_context", "payload": {"cwd": "/home/a/shop", "model": "gpt-5"}},
        ]
        sums = {"input_tokens": 0, "cached_input_tokens": 0, "output_tokens": 0, "reasoning_output_tokens": 0, "total_tokens": 0}
        for n in range(3 + back * 5 % 9):
            asked, cached, told = 14_000 + n * 2_300, 9_000 + n * 2_100, 700 + (n + back) * 97 % 900
            last = {"input_tokens": asked, "cached_input_tokens": cached, "output_tokens": told, "reasoning_output_tokens": told // 3, "total_tokens": asked + told}
            sums = {name: sums[name] + last[name] for name in sums}
            info = {"total_token_usage": sums, "last_token_usage": last}
            lines.append({"timestamp": stamp(60 + n * 300), "type": "event_msg", "payload": {"type": "token_count", "info": info}})
        folder = HOME / ".codex/sessions" / time.strftime("%Y/%m/%d", day)
        folder.mkdir(parents=True)
        (folder / f"rollout-{stamp(0)[:19].replace(':', '-')}-u{back}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    weir("import", "codex")


def claude_history():
    logs = HOME / ".claude/projects/weir"
    logs.mkdir(parents=True)
    models = ["claude-opus-4-5", "claude-sonnet-4-5", "claude-sonnet-4-5", "claude-haiku-4-5"]
    today = time.time() // 86_400 * 86_400
    lines = []
    for back in range(1, 30):
        weekday = time.gmtime(today - back * 86_400).tm_wday
        for n in range(3 if weekday > 4 else 16 + back * 7 % 23):
            at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(today - back * 86_400 + 28_800 + n * 900))
            usage = {"input_tokens": 900 + n * 37 % 2_000, "cache_read_input_tokens": 21_000 + back * 613 % 17_000, "output_tokens": 240 + n * 61 % 900}
            message = {"id": f"msg_{back}_{n}", "model": models[(n + back) % 4], "role": "assistant", "usage": usage}
            lines.append({"type": "assistant", "timestamp": at, "sessionId": f"s{back}", "cwd": "/home/a/weir", "requestId": f"req_{back}_{n}", "message": message})
    (logs / "month.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    weir("import", "claude-code")


def picture():
    """Not a test: the picture in the README, made by real requests. Run by hand when the window changes, late in
    a week and in a month, so that there is something behind and something ahead."""
    provider, ollama = Provider(), Ollama()
    configure(
        provider,
        f"""
        [providers.ollama]
        base_url = "{ollama.url}"
        [tiers]
        low = ["ollama/qwen2.5-coder:7b"]
        [[rules]]
        when = {{ client = "nightly" }}
        use = "low"
        [[budgets]]
        name = "week"
        period = "week"
        limit_usd = 10.00
        at_limit = "local"
        """,
    )
    start_window_manager()
    start_panel()
    program = tray_program("--port", "9347")
    at = serving(program)
    history()
    tokens = {name: weir("client", "add", name).strip() for name in ("claude-code", "codex", "aider", "nightly")}
    chat = "/v1/chat/completions"
    plain = [
        ("claude-code", "claude-haiku-4-5", "/v1/messages", 2_100, 0, 95),
        ("aider", "gpt-5-mini", chat, 3_900, 0, 410),
        ("nightly", "gpt-5-mini", chat, 12_800, 0, 640),
        ("claude-code", "claude-opus-4-5", "/v1/messages", 6_400, 61_000, 2_150),
        ("nightly", "gpt-5-mini", chat, 12_800, 0, 640),
        ("claude-code", "claude-opus-4-5", "/v1/messages", 1_900, 66_300, 1_480),
        ("codex", "gpt-5", chat, 18_200, 0, 1_900),
        ("nightly", "gpt-5-mini", chat, 9_600, 0, 512),
        ("claude-code", "claude-sonnet-4-5", "/v1/messages", 4_700, 71_200, 830),
        ("nightly", "gpt-5-mini", chat, 9_600, 0, 512),
        ("claude-code", "claude-sonnet-4-5", "/v1/messages", 2_300, 74_900, 1_240),
    ]
    for n in range(64):  # the night's work, on this machine
        provider.usage = ollama.usage = {"prompt_eval_count": 7_000 + n * 613 % 9_000, "eval_count": 300 + n * 97 % 700}
        check(ask(at, tokens["nightly"], chat, model="gpt-5-mini") == 200, "the night's work is answered")
    for client, model, path, fresh, cached, out in plain * 3:
        provider.usage = {"input_tokens": fresh, "cache_read_input_tokens": cached, "output_tokens": out}
        ollama.usage = {"prompt_eval_count": fresh, "eval_count": out}
        provider.seconds = ollama.seconds = 0.3 + out / 900
        check(ask(at, tokens[client], path, model=model) == 200, f"{model} answers")
    provider.usage = {"input_tokens": 3_200, "cache_read_input_tokens": 76_100, "output_tokens": 900}
    provider.seconds = 0.2
    threading.Thread(
        target=ask, args=(at, tokens["claude-code"]), kwargs={"stream": True, "model": "claude-opus-4-5"}, daemon=True
    ).start()
    until(lambda: status()["streams"] == 1, "one answer is under way")
    Tray(program.pid).click("Open")
    found = window()
    resize(found, 1100, 866)  # whole rows to its end
    time.sleep(6)  # so that its charts are drawn and the answer under way shows its seconds
    subprocess.run(["import", "-window", found, os.environ["WEIR_PICTURE"]], check=True)


def picture_menu():
    """Not a test: the menu as a panel draws it, for docs/screens/tray-menu.png."""
    provider, ollama = Provider(), Ollama()
    week = '[[budgets]]\nname = "week"\nperiod = "week"\nlimit_usd = 10.00\nat_limit = "notify"\n'
    configure(provider, f'[providers.ollama]\nbase_url = "{ollama.url}"\n{week}')
    start_window_manager()
    start_panel()
    program = tray_program("--port", "9347")
    item = Tray(program.pid)
    token = weir("client", "add", "script").strip()
    for _ in range(5):
        ask(serving(program), token)
    item.wait_for("^● qwen", "Local models")
    subprocess.run(["xdotool", "mousemove", "1154", "13", "click", "3"], check=True)
    time.sleep(1)  # the panel draws its menu
    for keys in ([*["Down"] * 6, "Right"], ["Down", "Right"]):  # Local models, and below it the first model
        subprocess.run(["xdotool", "key", *keys], check=True)
        time.sleep(1)
    subprocess.run(["import", "-window", "root", "-crop", "860x345+310+0", os.environ["WEIR_PICTURE"]], check=True)


def clipboard():
    done = subprocess.run(
        ["xclip", "-selection", "clipboard", "-o"], capture_output=True, text=True, timeout=5, check=False
    )
    return done.stdout


def webviews(pid):
    """The webview processes of a program."""
    return [each for each, name in below(pid) if name.startswith("WebKit")]


def panes(pid):
    """The window's own process."""
    return [each for each, name in below(pid) if name == "weir-tray"]


def answers(at):
    try:
        socket.create_connection(("127.0.0.1", at), 1).close()
        return True
    except OSError:
        return False


def main():
    scenario = {f.__name__: f for f in (tray, process, menu, page, notices, shown, no_tray, hidden, no_display, attached, port_taken, no_home, login, guardian, picture, picture_menu)}[sys.argv[1]]
    try:
        scenario()
    except (Failed, dbus.DBusException, LookupError, OSError, subprocess.SubprocessError) as problem:
        shot(f"failed-{sys.argv[1]}") if "DISPLAY" in os.environ else None
        tell_all()
        print(f"{sys.argv[1]}: {problem}")
        return 1
    finally:
        end_all()
    return 0


if __name__ == "__main__":
    sys.exit(main())
