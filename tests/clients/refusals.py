"""What each client does with each way of saying no: does it stop, and does a person see why?

Owns the list of candidate refusals. Runs against the scripted provider alone, so that statuses
and shapes can be chosen by what real clients do. Prints one line a case; `--json` for the data.
"""
import json
import sys
from concurrent.futures import ThreadPoolExecutor

import session
from clients import CLIENTS
from scripted import Provider

MESSAGE = "The budget week is used up: 2.00 of 2.00 dollars. It resets on Monday."
STOP = ("x-should-retry", "false")
# name: (status, extra headers, Anthropic type, OpenAI type, OpenAI code, Gemini status)
CASES = {
    "401": (401, [], "authentication_error", "authentication_error", "invalid_api_key", "UNAUTHENTICATED"),
    "401-stop": (401, [STOP], "authentication_error", "authentication_error", "invalid_api_key", "UNAUTHENTICATED"),
    "403": (403, [STOP], "permission_error", "permission_error", "forbidden", "PERMISSION_DENIED"),
    "402": (402, [], "billing_error", "billing_error", "budget_spent", "FAILED_PRECONDITION"),
    "402-stop": (402, [STOP], "billing_error", "billing_error", "budget_spent", "FAILED_PRECONDITION"),
    "429-stop": (429, [STOP], "billing_error", "insufficient_quota", "insufficient_quota", "RESOURCE_EXHAUSTED"),
    "429-stop-after": (429, [STOP, ("retry-after", "86400")], "billing_error", "insufficient_quota", "insufficient_quota", "RESOURCE_EXHAUSTED"),
    "429-unified": (429, [STOP, ("retry-after", "86400"), ("anthropic-ratelimit-unified-status", "rejected"), ("anthropic-ratelimit-unified-reset", "1795000000")],
                    "billing_error", "insufficient_quota", "insufficient_quota", "RESOURCE_EXHAUSTED"),
    "429-plain": (429, [STOP], "billing_error", "billing_error", "budget_spent", "RESOURCE_EXHAUSTED"),
    "429-plain-after": (429, [STOP, ("retry-after", "86400")], "billing_error", "billing_error", "budget_spent", "RESOURCE_EXHAUSTED"),
    "400-stop": (400, [STOP], "invalid_request_error", "invalid_request_error", "budget_spent", "FAILED_PRECONDITION"),
    "502-stop": (502, [STOP], "api_error", "server_error", "upstream", "UNAVAILABLE"),
    "503": (503, [], "api_error", "server_error", "unavailable", "UNAVAILABLE"),
    "503-stop": (503, [STOP], "api_error", "server_error", "unavailable", "UNAVAILABLE"),
    "529-stop": (529, [STOP], "overloaded_error", "server_error", "unavailable", "UNAVAILABLE"),
}
TRIED = ["claude-code", "codex", "codex-builtin", "gemini-cli", "opencode-anthropic", "opencode-compatible", "aider",
         "py-anthropic", "py-openai", "py-genai", "node-anthropic", "node-openai", "node-genai"]


def bodies(case):
    status, _, anthropic, kind, code, gemini = CASES[case]
    return {"anthropic": {"type": "error", "error": {"type": anthropic, "message": MESSAGE}, "request_id": "req_1"},
            "openai": {"error": {"message": MESSAGE, "type": kind, "param": None, "code": code}},
            "gemini": {"error": {"code": status, "message": MESSAGE, "status": gemini}}}


def tried(name, case, seconds=60):
    client = CLIENTS[name]
    status, headers = CASES[case][:2]
    with Provider(file=session.notes(client), secret=session.SECRET, reads=client.reads, refusal=(status, headers, bodies(case))) as provider:
        ended = session.run(client, f"http://127.0.0.1:{provider.port}", "sk-test-key", seconds)
        posts = sum(h.method == "POST" for h in provider.heard)
    return {"client": name, "case": case, "requests": posts, "seconds": round(ended.seconds, 1), "stopped": ended.code != -9,
            "code": ended.code, "shown": "budget week is used up" in ended.output.replace("\n", " "), "output": ended.output[-1200:]}


def main(arguments):
    cases = [a for a in arguments if a in CASES] or list(CASES)
    names = [a for a in arguments if a in TRIED] or TRIED
    with ThreadPoolExecutor(4) as pool:  # a client's own cases follow each other: they share its folders
        for rows in pool.map(lambda n: [tried(n, c) for c in cases], names):
            for row in rows:
                text = json.dumps(row) if "--json" in arguments else (
                    f"{row['client']:20} {row['case']:15} requests {row['requests']:2} {row['seconds']:5.1f} s "
                    f"{'stopped' if row['stopped'] else 'STILL TRYING'} code {row['code']} {'shown' if row['shown'] else 'NOT SHOWN'}")
                print(text, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
