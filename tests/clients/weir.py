"""One `weir serve` with a home of its own, pointed at one provider, and its ledger.

Owns the child process and its folder; asks everything through the command line, as a user would.
"""
import json
import os
import shutil
import subprocess
import threading
import time
from collections import Counter
from decimal import Decimal

from clients import AREA, ROOT

PROVIDER_KEY = "sk-only-the-provider-may-see-this"
READY_SECONDS = 20
KINDS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning")
CONFIG = """[server]
port = 9347

[providers.anthropic]
dialect = "anthropic"
base_url = "http://127.0.0.1:{port}"
key = "env:WEIR_TEST_KEY"

[providers.openai]
dialect = "openai"
base_url = "http://127.0.0.1:{port}/v1"
key = "env:WEIR_TEST_KEY"

[providers.gemini]
dialect = "gemini"
base_url = "http://127.0.0.1:{port}"
key = "env:WEIR_TEST_KEY"
"""


def binary():
    if named := os.environ.get("WEIR_BIN"):
        return named
    built = [p for p in (ROOT / "target/release/weir", ROOT / "target/debug/weir") if p.exists()]
    if not built:
        raise SystemExit("There is no weir to test. Build it: cargo build -p weir-cli")
    return str(max(built, key=lambda p: p.stat().st_mtime))


class Weir:
    def __init__(self, name, provider_port, config=CONFIG, key=PROVIDER_KEY):
        self.home = AREA / "weir" / name
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True, mode=0o700)
        (self.home / "config.toml").write_text(config.format(port=provider_port))
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "WEIR_HOME": str(self.home), **({"WEIR_TEST_KEY": key} if key else {})}

    def __enter__(self):
        self.token = self.ask("client", "add", "tool").strip()
        return self.serving()

    def serving(self):
        self.child = subprocess.Popen([binary(), "serve", "--port", "0"], env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=open(self.home / "stderr.txt", "wb"), text=True)
        lost = threading.Timer(READY_SECONDS, self.child.kill)  # a serve that never listens ends the wait below
        lost.start()
        for line in self.child.stdout:
            if line.startswith("listening on http://127.0.0.1:"):
                self.port = int(line.strip().rsplit(":", 1)[1])
                break
        else:
            raise SystemExit("weir serve did not start: " + (self.home / "stderr.txt").read_text())
        lost.cancel()
        threading.Thread(target=self.child.stdout.read, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.child.terminate()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()

    def ask(self, *words):
        done = subprocess.run([binary(), *words], env=self.env, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise AssertionError(f"weir {' '.join(words)} failed with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def against(self, truth):
        """Sentences where the ledger and the provider's own count disagree."""
        end = time.monotonic() + 5
        while problems := self._against(truth):  # settlements are written in batches
            if time.monotonic() > end:
                return problems
            time.sleep(0.1)
        return []

    def _against(self, truth):
        rows = [r for r in json.loads(self.ask("log", "--limit", "1000", "--json")) if r["endpoint"] not in ("messages_count", "generate_count")]
        wanted = Counter((t["endpoint"], t["model"], *(t["usage"][k] for k in KINDS)) for t in truth)
        got = Counter((r["endpoint"], r["route"].split("/", 1)[1], *((r["usage"] or {}).get(k) for k in KINDS)) for r in rows)
        problems = [f"the provider charged {m}, the ledger lacks it" for m in wanted - got] + [f"the ledger has {m}, the provider never charged it" for m in got - wanted]
        for r in rows:
            # What OpenAI's twelve-hour cache writes cost is not published.
            wanted_pricing = "estimated" if r["endpoint"] == "responses" and r["usage"] and r["usage"]["cache_write_1h"] else "exact"
            if r["outcome"] != "ok" or r["pricing"] != wanted_pricing or len(r["attempts"]) != 1 or r["cost_usd"] is None:
                problems.append(f"row {r['route']}: outcome {r['outcome']}, pricing {r['pricing']}, cost {r['cost_usd']}, {len(r['attempts'])} attempts")
        summary = json.loads(self.ask("cost", "summary", "--period", "all", "--json"))
        if summary["requests"] != len(truth):
            problems.append(f"the summary counts {summary['requests']} requests, the provider {len(truth)}")
        for kind in KINDS:
            total = sum(t["usage"][kind] for t in truth)
            if summary["tokens"][kind] != total:
                problems.append(f"the summary has {summary['tokens'][kind]} {kind} tokens, the provider {total}")
        spent = sum(Decimal(r["cost_usd"] or 0) for r in rows)
        if Decimal(summary["spent_usd"]) != spent:
            problems.append(f"the summary says {summary['spent_usd']} was spent, its rows add up to {spent}")
        return problems

    def leaks(self):
        """Files of the home that hold the provider's key or the tool's token as they are."""
        secrets = (PROVIDER_KEY.encode(), self.token.encode())
        return [f"{p.name} holds a secret" for p in self.home.rglob("*") if p.is_file() and any(s in p.read_bytes() for s in secrets)]

    def agrees_locally(self, seen, route):
        """Rows of a local server: the usage it reported, no cost, counted as local."""
        end = time.monotonic() + 5
        wanted = Counter((endpoint, route, *rest) for endpoint, *rest in seen)
        while True:
            rows = [r for r in json.loads(self.ask("log", "--limit", "100", "--json")) if r["endpoint"] != "messages_count"]
            got = Counter((r["endpoint"], r["route"], *(r["usage"][k] for k in ("input", "cache_read", "output"))) for r in rows if r["usage"])
            if got == wanted or time.monotonic() > end:
                break
            time.sleep(0.1)
        assert got == wanted, f"the server reported {wanted}, the ledger has {got}"
        assert all(Decimal(r["cost_usd"]) == 0 and r["pricing"] == "exact" for r in rows), rows
        summary = json.loads(self.ask("cost", "summary", "--period", "all", "--json"))
        assert summary["local_requests"] == summary["requests"] == len(seen), summary
