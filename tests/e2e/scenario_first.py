"""A newcomer's first minute: what `make run` starts and prints, and the request it prints.

Run: tests/e2e/run first. Needs no tray and no key.
"""

import pathlib
import re
import subprocess

from desktop import Program, check, end_all, tell_all, until

TRY = pathlib.Path(__file__).resolve().parents[2] / ".ci" / "try"


def first():
    run = Program("try", TRY, "--port", "0")
    until(lambda: "Stop with Ctrl-C" in run.said() or not run.alive(), "what to try is printed", 30)
    check(run.alive(), "Weir serves on behind what is printed")
    printed = re.search(r"^curl .*?\}\'$", run.out.read_text(), re.M | re.S)
    check(printed, "a request is printed")
    answer = subprocess.run(["bash", "-c", printed.group()], capture_output=True, text=True, timeout=20).stdout
    check("built-in demonstration" in answer, f"the printed request is answered, and not with {answer!r}")


if __name__ == "__main__":
    try:
        first()
    except Exception:
        tell_all()
        raise
    finally:
        end_all()
