"""Starts one client in a fresh home with a clean environment and waits for it.

Owns the folders under `target/clients/run` and the child process; knows nothing of Weir.
"""
import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass

from clients import AREA, MORE, NODE

SECRET = "the-heron-stands-at-the-crest"
# Nothing leaves the machine: a client that tries finds a closed door at once.
CLOSED = "http://127.0.0.1:9"


@dataclass
class Ended:
    code: int
    seconds: float
    output: str

    @property
    def finished(self):
        """Only what read the file can have said its secret."""
        return self.code == 0 and "FINISHED" in self.output and SECRET in self.output and "FAILED" not in self.output


def folders(client):
    """The same two paths every time, so that paths in bodies are no difference between runs."""
    home, work = AREA / "run" / client.name / "home", AREA / "run" / client.name / "work"
    shutil.rmtree(home.parent, ignore_errors=True)
    (home / "tmp").mkdir(parents=True)
    work.mkdir()
    (work / "notes.txt").write_text(SECRET + "\n")
    return home, work


def notes(client):
    return str(AREA / "run" / client.name / "work" / "notes.txt")


def run(client, base, key, seconds=None, more=None, fresh=True):
    """Runs it to its end; without `fresh` in the folders it has already."""
    home, work = folders(client) if fresh else (AREA / "run" / client.name / "home", AREA / "run" / client.name / "work")
    start = client.start(base, key, str(work))
    for name, text in start.files.items():
        path = home / name[2:] if name.startswith("~/") else work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "dumb", "LANG": "C.UTF-8", "NO_COLOR": "1", "CI": "1",
           "GIT_CEILING_DIRECTORIES": str(AREA),
           "TMPDIR": str(home / "tmp"), "NODE_NO_WARNINGS": "1", "HTTPS_PROXY": CLOSED, "NO_PROXY": "127.0.0.1,localhost", "NOTES": str(work / "notes.txt"), **start.env, **(more or {})}
    began = time.monotonic()
    child = subprocess.Popen([str(a) for a in start.argv], cwd=work, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)
    try:
        output, _ = child.communicate(timeout=seconds or client.seconds)
        code = child.returncode
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, 9)  # its own session: the client and whatever it started
        output, code = child.communicate()[0], -9
    if "SEARCH" in output and (work / "notes.txt").read_text().strip() == SECRET + " edited":
        output += f"\nFINISHED: {SECRET} was edited."
    return Ended(code, time.monotonic() - began, output)


def version(client):
    """None when it is the pinned one, else a sentence."""
    source, wanted = client.version
    try:
        if isinstance(source, list):
            home = AREA / "version"
            home.mkdir(parents=True, exist_ok=True)
            got = subprocess.run([str(a) for a in source], cwd=home, capture_output=True, text=True, timeout=60,
                                 env={"PATH": os.environ["PATH"], "HOME": str(home), "HTTPS_PROXY": CLOSED}).stdout
        else:
            got = json.loads(source.read_text())["version"]
    except OSError as problem:
        return f"{client.name} is not installed ({problem}). Run: tests/clients/install" + (" all" if not client.ci else "")
    return None if wanted in got.split() or wanted == got else f"{client.name}: {wanted} is pinned, but {got.strip()!r} is installed"


__all__ = ["AREA", "MORE", "NODE", "SECRET", "Ended", "notes", "run", "version"]
