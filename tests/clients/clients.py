"""The clients: how each is started, pointed at an address, and told to read one file.

One entry a client; nothing here runs anything. Versions are pinned in package.json and
requirements*.txt, and checked again before a run because npm may quietly install an older one.
"""
import json
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Outside the system's temporary folder: Codex refuses to work with a home in there.
AREA = ROOT / "target" / "clients"
NODE = HERE / "node_modules"
MORE = HERE / "more" / "node_modules"
ASK = "Read the file notes.txt and tell me what is in it."


@dataclass
class Start:
    """One start of a client: what to run, with which environment, after writing which files."""
    argv: list
    env: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)  # relative to the work folder, or "~/…"


@dataclass
class Client:
    name: str
    version: tuple  # (argv that prints it, or a package.json; the version wanted)
    start: callable  # (base, key, work) -> Start
    ci: bool = False
    seconds: int = 90
    reads: dict = None  # its own tools and their arguments, where their names mean something else to others


def _claude(base, key, work):
    return Start(
        [NODE / ".bin/claude", "-p", ASK, "--model", "claude-sonnet-5-5", "--allowedTools", "Read"],
        {"ANTHROPIC_BASE_URL": base, "ANTHROPIC_AUTH_TOKEN": key, "ANTHROPIC_DEFAULT_HAIKU_MODEL": "claude-haiku-4-5",
         "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"},
    )


def _claude_chatty(base, key, work):
    """With its start-up traffic on, its model discovery on, and the token in a header of ours."""
    start = _claude(base, key, work)
    start.env.pop("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC")
    start.env.update({"DISABLE_TELEMETRY": "1", "DISABLE_ERROR_REPORTING": "1", "CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY": "1",
                      "ANTHROPIC_CUSTOM_HEADERS": f"x-weir-token: {key}"})
    return start


def _codex(base, key, work):
    """With the provider table that `weir connect codex` and `weir run codex` write."""
    config = f'''model = "gpt-6.1-sol"
model_provider = "weir"
[model_providers.weir]
name = "Weir"
base_url = "{base}/v1"
env_key = "WEIR_TOKEN"
wire_api = "responses"
requires_openai_auth = false
supports_websockets = false
request_max_retries = 1
stream_max_retries = 2
[analytics]
enabled = false
'''
    return Start(_codex_exec(), {"WEIR_TOKEN": key}, {"~/.codex/config.toml": config})


def _codex_builtin(base, key, work):
    """The built-in provider: tries a WebSocket first and must fall back to POST."""
    config = f'model = "gpt-5"\nopenai_base_url = "{base}/v1"\n[analytics]\nenabled = false\n'
    return Start(_codex_exec(), {"CODEX_API_KEY": key, "OPENAI_API_KEY": key}, {"~/.codex/config.toml": config})


def _codex_exec():
    return [NODE / ".bin/codex", "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", ASK]


def _gemini(base, key, work):
    settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "privacy": {"usageStatisticsEnabled": False},
                "telemetry": {"enabled": False}, "general": {"disableAutoUpdate": True, "enableAutoUpdate": False}}
    return Start([MORE / ".bin/gemini", "--yolo", "--skip-trust", "-p", ASK],
                 {"GOOGLE_GEMINI_BASE_URL": base, "GEMINI_API_KEY": key, "GEMINI_CLI_TRUST_WORKSPACE": "true"},
                 {"~/.gemini/settings.json": json.dumps(settings)})


def _opencode(provider, model, npm):
    def start(base, key, work):
        options = {"baseURL": base + "/v1", "apiKey": "{env:TOOL_KEY}"}
        entry = {"options": options, **({"npm": npm, "models": {model: {}}} if npm else {})}
        config = {"$schema": "https://opencode.ai/config.json", "autoupdate": False, "share": "disabled",
                  "model": f"{provider}/{model}", "provider": {provider: entry}}
        return Start([MORE / ".bin/opencode", "run", ASK],
                     {"TOOL_KEY": key, "OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1",
                      "OPENCODE_DISABLE_LSP_DOWNLOAD": "1", "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1"},
                     {"opencode.json": json.dumps(config)})
    return start


def _aider(base, key, work):
    return Start([AREA / "aider/bin/aider", "--model", "openai/gpt-4o", "--yes-always", "--no-git", "--analytics-disable", "--no-check-update",
                  "--no-show-model-warnings", "--no-pretty", "--edit-format", "diff",
                  "--chat-history-file", "chat.md", "--input-history-file", "input.txt", "--message", "Append the word edited to notes.txt.", "notes.txt"],
                 {"OPENAI_API_BASE": base + "/v1", "OPENAI_API_KEY": key, "LITELLM_LOCAL_MODEL_COST_MAP": "True"})


def _continue(base, key, work):
    """With the entry that `weir connect continue` writes."""
    model = {"name": "Weir", "provider": "openai", "model": "gpt-4o", "apiBase": base + "/v1", "apiKey": key, "roles": ["chat", "edit", "apply"]}
    config = {"name": "My settings", "version": "1.0.0", "schema": "v1", "models": [model]}
    return Start([MORE / ".bin/cn", "-p", ASK, "--auto"], {"CONTINUE_TELEMETRY_ENABLED": "0"},
                 {"~/.continue/config.yaml": json.dumps(config)})  # JSON is YAML


def _cline(base, key, work):
    """With what `cline auth -p openai-compatible` writes; without the daemon it would leave running."""
    settings = {"provider": "openai-compatible", "apiKey": key, "model": "gpt-4o", "baseUrl": base + "/v1"}
    entry = {"settings": settings, "updatedAt": "2026-11-30T00:00:00.000Z", "tokenSource": "manual"}
    known = {"version": 1, "lastUsedProvider": "openai-compatible", "modes": {}, "providers": {"openai-compatible": entry}}
    return Start([MORE / ".bin/cline", "--json", ASK], {"CLINE_SESSION_BACKEND_MODE": "local"},
                 {"~/.cline/data/settings/providers.json": json.dumps(known)})


def _sdk(kind, script):
    def start(base, key, work):
        runner = [AREA / "sdk/bin/python", "-I"] if kind == "py" else ["node"]
        return Start(runner + [HERE / "sdk" / script],
                     {"ANTHROPIC_BASE_URL": base, "ANTHROPIC_API_KEY": key, "OPENAI_BASE_URL": base + "/v1", "OPENAI_API_KEY": key,
                      "GOOGLE_GEMINI_BASE_URL": base, "GEMINI_API_KEY": key})
    return start


def _pip(package, wanted):
    code = f"import importlib.metadata as m; print(m.version('{package}'))"
    return [AREA / "sdk/bin/python", "-I", "-c", code], wanted


CLIENTS = {c.name: c for c in [
    Client("claude-code", ([NODE / ".bin/claude", "--version"], "2.1.330"), _claude, ci=True),
    Client("claude-code-chatty", ([NODE / ".bin/claude", "--version"], "2.1.330"), _claude_chatty),
    Client("codex", ([NODE / ".bin/codex", "--version"], "0.169.0"), _codex, ci=True),
    Client("codex-builtin", ([NODE / ".bin/codex", "--version"], "0.169.0"), _codex_builtin),
    Client("gemini-cli", ([MORE / ".bin/gemini", "--version"], "0.61.0"), _gemini),
    Client("opencode-anthropic", ([MORE / ".bin/opencode", "--version"], "1.18.33"), _opencode("anthropic", "claude-sonnet-4-5", None)),
    Client("opencode-compatible", ([MORE / ".bin/opencode", "--version"], "1.18.33"), _opencode("any", "gpt-4o", "@ai-sdk/openai-compatible")),
    Client("aider", ([AREA / "aider/bin/aider", "--version"], "0.86.2"), _aider),
    Client("continue", (MORE / "@continuedev/cli/package.json", "1.5.47"), _continue, reads={"Read": lambda f: {"filepath": f}}),
    Client("cline", (MORE / "cline/package.json", "3.0.65"), _cline, reads={"read_files": lambda f: {"files": [{"path": f}]}}),
    Client("py-anthropic", _pip("anthropic", "2.12.0"), _sdk("py", "anthropic_loop.py"), ci=True),
    Client("py-openai", _pip("openai", "3.54.0"), _sdk("py", "openai_loop.py"), ci=True),
    Client("py-genai", _pip("google-genai", "3.4.0"), _sdk("py", "genai_loop.py"), ci=True),
    Client("node-anthropic", (NODE / "@anthropic-ai/sdk/package.json", "1.12.0"), _sdk("node", "anthropic_loop.mjs"), ci=True),
    Client("node-openai", (NODE / "openai/package.json", "7.57.0"), _sdk("node", "openai_loop.mjs"), ci=True),
    Client("node-genai", (NODE / "@google/genai/package.json", "3.1.0"), _sdk("node", "genai_loop.mjs"), ci=True),
]}
