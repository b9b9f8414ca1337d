"""A client that asks for another model wherever it would name its own.

Owns the list of what the clients ask for by themselves; starts nothing.
"""
import json
from dataclasses import replace

ASKED = ["claude-sonnet-5-5", "claude-sonnet-4-5", "claude-haiku-4-5", "gpt-6.1-sol", "gpt-5", "gpt-4o"]


def asking(client, model, suffix, env=None):
    """The same client under a name with the suffix, with `model` as its only one."""
    def renamed(text):
        for name in ASKED:
            text = text.replace(name, model)
        return text

    def start(base, key, work):
        start = client.start(base, key, work)
        start.argv = [renamed(a) if isinstance(a, str) else a for a in start.argv]
        if client.name == "gemini-cli":
            start.argv += ["-m", model]
        start.env = {**{k: renamed(v) for k, v in start.env.items()}, "MODEL": model, **(env or {})}
        start.files = {k: renamed(v) for k, v in start.files.items()}
        if client.name.startswith("opencode"):  # it asks for no model that it was not told of
            config = json.loads(start.files["opencode.json"])
            next(iter(config["provider"].values()))["models"] = {model: {}}
            config["small_model"] = config["model"]  # for its titles
            start.files["opencode.json"] = json.dumps(config)
        return start

    return replace(client, name=f"{client.name}-{suffix}", start=start)
