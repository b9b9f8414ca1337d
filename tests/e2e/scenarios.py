"""One scenario a run, named in the argument: what a person meets on a desktop, step by step."""

import json
import os
import pathlib
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
    Program,
    Tray,
    bus,
    check,
    close,
    end_all,
    healthy,
    port,
    shot,
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
from page import Page
from provider import Provider

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
    item.wait_for(rf"^Weir · listening on {at} · \$0 today$")
    check(item.wait_for("^Week ")[1] == "Week $0   Month $0", f"the second line: {item.rows()}")
    check([r[1] for r in item.rows() if r[1]][2:] == [
        "Open Weir", "Pause routing (pass everything through)", "Copy proxy address",
        "Cursor tunnel is closed", "Start at login", "Keep serving without the icon", "Quit Weir",
    ], f"the menu: {item.rows()}")
    check(not item.row("Weir ·")[2], "the status line cannot be clicked")
    check(not item.row("Cursor tunnel")[2], "a closed tunnel cannot be closed")
    weir("tunnel", "start", "--host", "cursor.example.com")
    item.wait_for(r"^Close the Cursor tunnel \(\$0 of \$")
    item.wait_for(r"^Weir · .* · tunnel open$")
    item.click("Close the Cursor tunnel")
    item.wait_for("^Cursor tunnel is closed$")
    check(not windows(), "no window opens unasked when there is a tray")
    check(not webviews(program.pid), "no webview runs without a window")

    token = weir("client", "add", "script").strip()
    check(ask(at, token) == 200, "a request is answered")
    item.wait_for(r"· \$0\.0087 today$")
    check("$0.0087" in item.row("Week")[1], f"the week: {item.rows()}")

    calm = item.pixels()
    item.click("Pause")
    until(lambda: status()["routing"]["paused"], "the engine is paused")
    until(lambda: item.row("Pause")[3], "the pause is ticked")
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
    close(first)
    until(lambda: not webviews(program.pid), "the closed window's webview is gone")
    check(healthy(at), "the proxy outlives the window")
    second = tray_program()
    check(second.ended() == 0, f"a second start ends well: {second.said()}")
    window()
    check(len(windows()) == 1, "a second start shows the window of the first")
    check(status()["pid"] == program.pid, "and starts no second engine")

    close(windows()[0])
    item.item.Activate(0, 0, dbus_interface="org.kde.StatusNotifierItem")
    window()

    desktop_entry = WEIR_HOME.parent / ".config/autostart"
    check(not item.row("Start at login")[2], "a home named by WEIR_HOME cannot be started at login")
    check(not desktop_entry.exists(), "nothing starts at login unasked")

    item.click("Quit")
    check(program.ended() == 0, f"quitting ends with 0: {program.said()}")
    check(not answers(at), "nothing listens after quitting")
    check(program.out.read_text() == "" and program.err.read_text() == "", f"nothing was complained about: {program.said()}")


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
        check("Done" in shown.text() and MODEL in shown.text(), f"the row: {shown.text()}")

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
        check("not allowed" in shown.invoke("plugin:app|version"), "a command that is not the window's own is refused")
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
    shown.put("#route-text", "Sort these words: pear, apple")
    until(lambda: "At most" in shown.text(), "the prompt is judged and planned")
    shot("page-routing")
    shown.key("4")
    shown.wait_for("Without a budget nothing stops a costly loop.")
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
    check(f"Exec={os.environ['WEIR_TRAY_BIN']}" in entry.read_text(), entry.read_text())
    until(lambda: item.row("Start at login")[3], "the menu says so")
    item.click("Start at login")
    until(lambda: not entry.exists(), "the desktop is told not to")
    until(lambda: not item.row("Start at login")[3], "the menu says so")
    item.click("Quit")
    check(program.ended() == 0, program.said())


def attached():
    """`weir serve` runs already: the tray attaches, and takes over when that engine stops."""
    configure(Provider())
    start_window_manager()
    start_panel()
    server = Program("weir", os.environ["WEIR_BIN"], "serve")
    at = serving(server)
    program = tray_program()
    item = Tray(program.pid)
    item.wait_for(f"listening on {at} ")
    check(status()["pid"] == server.pid, "one engine serves, and it is the first")
    item.click("Pause")
    until(lambda: status()["routing"]["paused"], "the tray pauses the other engine")
    item.click("Open")
    window()
    shot("attached")
    token = weir("client", "add", "script").strip()
    ask(at, token)
    item.wait_for(r"\$0\.0087 today")

    server.process.send_signal(signal.SIGTERM)
    check(server.ended() == 0, server.said())
    until(lambda: status()["pid"] == program.pid, "the tray serves within 5 seconds", 5)
    now = port()
    check(healthy(now), "its proxy answers")
    item.wait_for(f"listening on {now} ")
    item.wait_for(r"\$0\.0087 today")
    item.click("Quit")
    check(program.ended() == 0, program.said())


def notices():
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
    item.wait_for(f"listening on {at} ")
    until(lambda: watched() not in ([], first), "it is watched anew")

    item.click("Keep serving")
    until(lambda: healthy(at) and status()["pid"] != tray, "it serves without the tray", 5)
    alone = status()["pid"]
    check(pathlib.Path(f"/proc/{alone}/exe").resolve().name == "weir", "it is the command line that serves")
    check(f"127.0.0.1:{at}" in settings.read_text(), "the tool is still connected")
    until(lambda: watched(), "it is watched")

    os.kill(alone, signal.SIGKILL)
    until(lambda: healthy(at) and status()["pid"] != alone, "it serves again", 5)
    again = status()["pid"]
    os.kill(again, signal.SIGKILL)
    until(lambda: healthy(at) and status()["pid"] != again, "and again", 5)
    os.kill(status()["pid"], signal.SIGKILL)
    until(lambda: settings.read_bytes() == before, "then the tool is put back, byte for byte", 5)
    until(lambda: "not restarted" in notices(), "and the desktop says so")
    shot("given-up")
    check("Claude Code" in notices(), notices())
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
        check(not item.row("Copy")[2] and not item.row("Pause")[2], "nothing can be copied or paused")
        window()
        shot("port-taken")
        taken.close()
        shown.click("Try again")
        shown.wait_for(f"Listening on 127.0.0.1:{at}")
        check(healthy(at), "the proxy answers")
        item.wait_for(f"listening on {at} ")


def picture():
    """Not a test: the picture in the README, made by real requests. Run by hand when the window changes."""
    provider = Provider()
    configure(
        provider,
        f"""
        [providers.ollama]
        base_url = "{provider.url}"
        [[budgets]]
        name = "week"
        period = "week"
        limit_usd = 10.00
        at_limit = "notify"
        """,
    )
    start_window_manager()
    start_panel()
    program = tray_program("--show", "--port", "9347")
    at = serving(program)
    tokens = {name: weir("client", "add", name).strip() for name in ("claude-code", "codex", "aider", "nightly")}
    chat = "/v1/chat/completions"
    plain = [
        ("claude-code", "claude-haiku-4-5", "/v1/messages", 2_100, 0, 95),
        ("aider", "gpt-5-mini", chat, 3_900, 0, 410),
        ("claude-code", "claude-opus-4-5", "/v1/messages", 6_400, 61_000, 2_150),
        ("nightly", "ollama/llama3.2:3b", chat, 12_800, 0, 640),
        ("claude-code", "claude-opus-4-5", "/v1/messages", 1_900, 66_300, 1_480),
        ("codex", "gpt-5", chat, 18_200, 0, 1_900),
        ("claude-code", "claude-sonnet-4-5", "/v1/messages", 4_700, 71_200, 830),
        ("nightly", "ollama/llama3.2:3b", chat, 9_600, 0, 512),
        ("claude-code", "claude-sonnet-4-5", "/v1/messages", 2_300, 74_900, 1_240),
    ]
    for client, model, path, fresh, cached, out in plain * 3:
        provider.usage = {"input_tokens": fresh, "cache_read_input_tokens": cached, "output_tokens": out}
        provider.seconds = 0.3 + out / 900
        ask(at, tokens[client], path, model=model)
    provider.seconds = 0.2
    ask(at, tokens["aider"], metadata={"user_id": "refuse"})
    provider.usage = {"input_tokens": 3_200, "cache_read_input_tokens": 76_100, "output_tokens": 900}
    threading.Thread(
        target=ask, args=(at, tokens["claude-code"]), kwargs={"stream": True, "model": "claude-opus-4-5"}, daemon=True
    ).start()
    until(lambda: status()["streams"] == 1, "one answer is under way")
    found = window()
    time.sleep(4)  # so that the answer under way shows its seconds
    subprocess.run(["import", "-window", found, os.environ["WEIR_PICTURE"]], check=True)


def clipboard():
    done = subprocess.run(
        ["xclip", "-selection", "clipboard", "-o"], capture_output=True, text=True, timeout=5, check=False
    )
    return done.stdout


def webviews(pid):
    """The webview processes of a program."""
    found = subprocess.run(["pgrep", "-P", str(pid), "-f", "WebKitWebProcess"], capture_output=True, text=True, check=False)
    return found.stdout.split()


def answers(at):
    try:
        socket.create_connection(("127.0.0.1", at), 1).close()
        return True
    except OSError:
        return False


def main():
    scenario = {f.__name__: f for f in (tray, page, no_tray, no_display, attached, port_taken, login, guardian, picture)}[sys.argv[1]]
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
