"""llama.cpp's own server with a model made on the spot, on a port of its own.

Owns the pinned packages in `target/clients/llama` and the child process; knows nothing of Weir.
"""
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE.parent.parent / "target" / "clients" / "llama"
READY_SECONDS = 60


def install():
    pins, done = HERE / "requirements.txt", VENV / "pins"
    if not done.exists() or done.read_bytes() != pins.read_bytes():
        print("installing llama.cpp's server into target/clients/llama")
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
        subprocess.run([VENV / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", pins], check=True)
        done.write_bytes(pins.read_bytes())


def command(model, context):
    """The server of the package, or the `llama-server` that LLAMA_SERVER names."""
    if named := os.environ.get("LLAMA_SERVER"):
        return [named, "-m", model, "-a", "tiny", "--host", "127.0.0.1", "--port", "0", "-ngl", "0", "--jinja", "--no-webui", "-c", context, "--seed", "7"]
    return [VENV / "bin/python", HERE / "serve.py", model, context]


class Server:
    """llama.cpp's server on the CPU with a tiny model: its context in tokens, and what else its maker is told."""

    def __init__(self, context=2048, *more, maker="tiny_gguf.py"):
        self.context, self.maker, self.more = str(context), maker, [str(m) for m in more or (-20.0,)]

    def __enter__(self):
        model = VENV / "tiny.gguf"
        subprocess.run([VENV / "bin/python", HERE / self.maker, model, self.context, *self.more], check=True)
        self.log = open(VENV / "server.log", "w+b")
        self.child = subprocess.Popen(command(model, self.context), stdin=subprocess.PIPE, stdout=self.log, stderr=subprocess.STDOUT)
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end and self.child.poll() is None:
            text = (VENV / "server.log").read_text(errors="replace")
            if found := [w for w in text.split() if w.startswith("http://127.0.0.1:")]:
                self.port = int(found[0].rstrip("/.,").rsplit(":", 1)[1])
                if self.port and ready(self.port):
                    return self
            time.sleep(0.05)
        if self.child.poll() in (-signal.SIGILL, 128 + signal.SIGILL):
            raise SystemExit("This processor lacks instructions (AVX2) that the packaged llama.cpp needs. Build one and say LLAMA_SERVER=/path/to/llama-server")
        raise SystemExit("llama-server did not start:\n" + (VENV / "server.log").read_text(errors="replace")[-2000:])

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait(10)
        self.log.close()


def ready(port):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).status == 200
    except (urllib.error.URLError, OSError):
        return False
