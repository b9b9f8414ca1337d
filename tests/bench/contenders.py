"""What is measured: each server, how it starts, and what the system says it uses.

Owns the child processes and their reading from /proc. Knows nothing of rounds or tables.
"""
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "clients"))
RELEASE = ROOT / "target" / "release"
AREA = ROOT / "target" / "bench"
BENCH = RELEASE / "weir-bench"
NODE = HERE / "peers" / "node_modules"
LITELLM_KEY = "sk-bench-0123456789abcdef0123456789abcdef"
READY_SECONDS = 60
LITELLM = """model_list:
  - model_name: claude-sonnet-4-5
    litellm_params: {{model: anthropic/claude-sonnet-4-5, api_base: "http://127.0.0.1:{port}", api_key: sk-x}}
litellm_settings: {{telemetry: false}}
"""
MODEL = "claude-sonnet-4-5"
WEIR = """[providers.anthropic]
dialect = "anthropic"
base_url = "http://127.0.0.1:{port}"
key = "env:BENCH_KEY"

[providers.openai]
dialect = "openai"
base_url = "http://127.0.0.1:{port}/v1"
key = "env:BENCH_KEY"

[[budgets]]
name = "week"
period = "week"
limit_usd = 1000000.00
at_limit = "block"
"""


class Contender:
    """A started server: where to send, which headers, how many requests a round can carry."""

    def __init__(self, name, port, child, headers=(), share=1.0, model=MODEL):
        self.name, self.port, self.child, self.headers, self.share = name, port, child, list(headers), share
        self.model = model
        self.start_seconds = None

    def asking(self, name, model):
        """The same server, asked for another model."""
        return Contender(name, self.port, self.child, self.headers, self.share, model)

    def pids(self):
        family, grown = {self.child.pid}, True
        while grown:
            grown = False
            for stat in Path("/proc").glob("[0-9]*/stat"):
                try:
                    parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
                except (OSError, IndexError):
                    continue
                pid = int(stat.parent.name)
                if parent in family and pid not in family:
                    family.add(pid)
                    grown = True
        return family

    def _status(self, key):
        total = 0
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                total += int(line.split()[1]) if line.startswith(key + ":") else 0
        return total

    def rss_mb(self):
        return self._status("VmRSS") / 1024

    def peak_mb(self):
        return self._status("VmHWM") / 1024

    def cpu_ns(self):
        tasks = (t for pid in self.pids() for t in Path(f"/proc/{pid}/task").glob("*/schedstat"))
        return sum(int(t.read_text().split()[0]) for t in tasks)

    def switches(self):
        """Times any of its threads was put to sleep or moved off a core."""
        total = 0
        for pid in self.pids():
            for status in Path(f"/proc/{pid}/task").glob("*/status"):
                total += sum(int(x.split()[1]) for x in status.read_text().splitlines() if "_ctxt_switches" in x)
        return total

    def pin(self, cores):
        for pid in self.pids():
            for task in Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(task.name), cores)

    def stop(self):
        for pid in sorted(self.pids()):
            try:
                os.kill(pid, 15)
            except ProcessLookupError:
                pass
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()


def _spawn(argv, env=None, **more):
    clean = {"PATH": os.environ["PATH"], "HOME": str(AREA), "LANG": "C.UTF-8", **(env or {})}
    return subprocess.Popen([str(a) for a in argv], env=clean, stdin=subprocess.DEVNULL, text=True, cwd=AREA, **more)


def _own(word, *arguments):
    child = _spawn([BENCH, word, *arguments], stdout=subprocess.PIPE)
    return int(child.stdout.readline()), child


def mock():
    port, child = _own("mock")
    return Contender("direct", port, child)


def bare(provider):
    port, child = _own("bare", provider.port)
    return Contender("bare hyper", port, child)


def weir_home(provider):
    home = AREA / "weir"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    (home / "config.toml").write_text(WEIR.format(port=provider.port))
    env = {"WEIR_HOME": str(home), "BENCH_KEY": "sk-bench"}
    token = subprocess.run([RELEASE / "weir", "client", "add", "bench"], env={**os.environ, **env}, capture_output=True, text=True, check=True).stdout.strip()
    return env, token


def weir(env, token):
    began = time.perf_counter()
    child = _spawn([RELEASE / "weir", "serve", "--port", "0"], env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for line in child.stdout:
        if line.startswith("listening on http://127.0.0.1:"):
            break
    else:
        raise SystemExit("weir serve did not start")
    seconds = time.perf_counter() - began
    threading.Thread(target=child.stdout.read, daemon=True).start()
    started = Contender("weir", int(line.strip().rsplit(":", 1)[1]), child, [f"x-api-key: {token}"])
    started.start_seconds = seconds
    return started


def portkey(provider, port):
    child = _spawn(["node", NODE / "@portkey-ai/gateway/build/start-server.js", "--headless", f"--port={port}"],
                   {"NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": "127.0.0.1"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    headers = ["x-portkey-provider: anthropic", f"x-portkey-custom-host: http://127.0.0.1:{provider.port}/v1", "x-api-key: sk-x"]
    return _ready(Contender("Portkey 1.15.2", port, child, headers, share=0.1), "/")


def litellm(provider, port):
    config = AREA / "litellm.yaml"
    config.write_text(LITELLM.format(port=provider.port))
    child = _spawn([AREA / "litellm/bin/litellm", "--config", config, "--host", "127.0.0.1", "--port", port, "--num_workers", "1"],
                   {"LITELLM_MASTER_KEY": LITELLM_KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"},
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return _ready(Contender("LiteLLM 1.106.2", port, child, [f"x-api-key: {LITELLM_KEY}"], share=0.02), "/health/liveliness")


def router(provider, port):
    """claude-code-router: what it needs lies in its home."""
    home = AREA / "router"
    shutil.rmtree(home, ignore_errors=True)
    (home / ".claude-code-router").mkdir(parents=True)
    settings = {"PORT": port, "HOST": "127.0.0.1", "LOG": False, "NON_INTERACTIVE_MODE": True, "API_TIMEOUT_MS": 600000,
                "Providers": [{"name": "openai", "api_base_url": f"http://127.0.0.1:{provider.port}/v1/chat/completions", "api_key": "sk-x", "models": ["gpt-5"]}],
                "Router": {"default": "openai,gpt-5"}}
    (home / ".claude-code-router/config.json").write_text(json.dumps(settings))
    child = _spawn(["node", NODE / "@musistudio/claude-code-router/dist/cli.js", "start"], {"HOME": str(home), "NODE_ENV": "production"},
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return _ready(Contender("claude-code-router 2.0.0", port, child, ["x-api-key: sk-x"], share=0.1), "/health")


def _ready(contender, path):
    began = time.perf_counter()
    while time.perf_counter() - began < READY_SECONDS:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{contender.port}{path}", timeout=2)
            contender.start_seconds = time.perf_counter() - began
            return contender
        except OSError as problem:
            if hasattr(problem, "code"):  # any HTTP answer means it listens
                contender.start_seconds = time.perf_counter() - began
                return contender
            if contender.child.poll() is not None:
                break
            time.sleep(0.05)
    contender.stop()
    raise RuntimeError(f"{contender.name} did not start")
