"""The panel goes and comes back, and start at login is switched in the window of the usual home.

Run: tests/e2e/run panel.
"""

import os

from desktop import (
    HOME,
    WATCHER,
    Notices,
    Program,
    Tray,
    bus,
    check,
    end_all,
    shot,
    start_panel,
    start_window_manager,
    tell_all,
    until,
)
from page import Page

# Where this user's desktop reads what it starts, which is not ~/.config.
SETTINGS = HOME / "settings"
BOX = "document.evaluate(\"//label[contains(., 'Start Weir when I log in')]/input\", document, null, 9).singleNodeValue"


def switch(shown, on):
    """Clicks the box until it is so; one that is being switched takes no click."""
    click = f"const box = {BOX}; if (box.checked !== {on} && !box.disabled) box.click(); return box.checked === {on}"
    return shown.run(click)


def start_at_login(shown, item):
    entry = SETTINGS / "autostart/Weir.desktop"
    shown.key("8")
    shown.wait_for("Start Weir when I log in")
    until(lambda: switch(shown, "true") and entry.exists(), "the desktop is told to start it")
    check(f"Exec={os.environ['WEIR_TRAY_BIN']} --hidden" in entry.read_text(), entry.read_text())
    check(not (HOME / ".config/autostart").exists(), "and not where nobody reads it")
    until(lambda: item.row("Start at login")[3], "the tray's menu says so too")
    until(lambda: switch(shown, "false") and not entry.exists(), "the desktop is told not to")
    until(lambda: not item.row("Start at login")[3], "the tray's menu says so too")


def panel():
    start_window_manager()
    told = Notices()
    bar = Program("xfce4-panel", "xfce4-panel", "--disable-wm-check")
    until(lambda: bus().name_has_owner(WATCHER), "a tray host stands")
    usual = {"WEIR_HOME": "", "XDG_CONFIG_HOME": str(SETTINGS)}
    with Page(os.environ["WEIR_TRAY_BIN"], "--show", "--port", "0", **usual) as shown:
        shown.wait_for("First steps")
        shown.click("Skip all")
        item = Tray(until(shown.pid, "the application runs"))
        item.wait_for("listening on")
        start_at_login(shown, item)
        shown.key("1")
        check("Quit" not in shown.text(), f"the tray has it: {shown.text()}")

        bar.process.kill()
        bar.process.wait()
        until(lambda: not bus().name_has_owner(WATCHER), "no tray host stands")
        shown.wait_for("The panel that showed Weir's icon is gone")
        shown.wait_for("Quit")
        shot("panel-gone")
        notice = told.wait_for("weir status")
        check("weir-tray shows the window" in notice["body"], f"and how to go on: {notice}")

        start_panel()
        until(lambda: "Quit" not in shown.text(), "the tray has it again")
        Tray(shown.pid()).wait_for("listening on")
        check(sum("weir status" in each["body"] for each in told.told()) == 1, f"it was said once: {told.told()}")


if __name__ == "__main__":
    try:
        panel()
    except Exception:
        tell_all()
        raise
    finally:
        end_all()
