"""Writes the built-in price table of the engine from the Python package genai-prices.

    python tests/prices/table.py > src-tauri/crates/engine/data/genai-prices.json

The package on PyPI is released more often than the crate on crates.io, with the same table. This writes it in the
format of the crate (v2), one model a line so that a change can be read, and leaves out what Weir does not use:
descriptions, comments and the response extractors. `--against FILE` instead compares the package's table with a
file of the crate's own (`data/prices.json`): run with the version of the package that the crate is of, it shows that
nothing is lost on the way.
"""

import json
import sys
from datetime import date, time
from decimal import Decimal

from genai_prices import data, types

PROVIDER_KEYS = ["id", "name", "api_pattern", "model_match", "provider_match", "fallback_model_providers", "models"]
MODEL_KEYS = ["id", "name", "match", "context_window", "deprecated", "prices", "price_variants"]


def number(value):
    """A JSON number that reads back as the very decimal."""
    shortest = int(value) if value == int(value) else float(value)
    if Decimal(repr(shortest)) != value:
        sys.exit(f"{value} has more digits than a float keeps: write it as text")
    return shortest


def plain(value):
    """The package's objects as JSON."""
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, types.ModelPrice):
        return fields(vars(value), vars(value))
    if isinstance(value, types.ModelInfo):
        return fields(vars(value), MODEL_KEYS)
    if isinstance(value, types.Provider):
        return fields(vars(value), PROVIDER_KEYS)
    return fields(vars(value), vars(value))


def fields(values, keys):
    return {key.rstrip("_"): plain(values[key]) for key in keys if not key.startswith("_") and values.get(key) is not None}


def text(providers):
    lines = []
    for provider in providers:
        models = provider.pop("models")
        head = json.dumps(provider, ensure_ascii=False, separators=(",", ":"))[:-1]
        rows = ",\n".join(json.dumps(model, ensure_ascii=False, separators=(",", ":")) for model in models)
        lines.append(f'{head},"models":[\n{rows}\n]}}')
    return "[" + ",\n".join(lines) + "]\n"


def known_part(value):
    """`value` without the keys this script leaves out."""
    return [
        {**{k: p[k] for k in PROVIDER_KEYS if k in p}, "models": [{k: m[k] for k in MODEL_KEYS if k in m} for m in p["models"]]}
        for p in value
    ]


def main():
    table = text([plain(provider) for provider in data.providers])
    if sys.argv[1:2] != ["--against"]:
        sys.stdout.write(table)
        return
    read = lambda source: json.loads(source, parse_float=Decimal, parse_int=Decimal)
    ours = read(table)
    theirs = known_part(read(open(sys.argv[2], encoding="utf-8").read()))
    different = [(a["id"], b["id"]) for a, b in zip(ours, theirs) if a != b]
    sys.exit(f"different: {different}" if different or len(ours) != len(theirs) else "the same")


main()
