"""Writes tests/prices/oracle.json: what independent arithmetic over two price tables makes of the same usages.

    python -m venv /somewhere && /somewhere/bin/pip install --no-deps litellm==1.109.1 genai-prices==0.2.3
    /somewhere/bin/pip install pydantic httpx2
    /somewhere/bin/python tests/prices/oracle.py

Both packages are read as tables of numbers: every cost is tokens x price in Decimal, rounded half up to the
nano-dollar a line, with none of their own calculators. Only as a second opinion is genai-prices' calculator asked
for the same bill, and the script stops where it disagrees. `null` means that the table says nothing of its own.
`--differences` prints what the two tables price differently, for the list in the test and in docs/prices.md.
"""

import datetime
import importlib.metadata
import importlib.util
import json
import pathlib
import sys
from decimal import ROUND_HALF_UP, Decimal

import genai_prices
from genai_prices import data, types

AT = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.timezone.utc)
PREFIX = {"anthropic": "", "openai": "", "google": "gemini/", "mistral": "mistral/", "groq": "groq/", "x-ai": "xai/"}
OPENROUTER = ["anthropic/claude-opus-5.5", "anthropic/claude-haiku-5.5", "openai/gpt-5.4", "google/gemini-2.5-pro",
              "qwen/qwen3-coder-flash", "x-ai/grok-4.5", "mistralai/mistral-large-2512"]
CONTEXTS = ["standard", "flex", "priority", "batch", "speed fast"]
KINDS = ["input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "web_search"]
# Odd counts, so that rounding has something to do; reasoning is a part of output and must not be added to it.
CACHED = {"cache_read": 1_237, "cache_write_5m": 773, "cache_write_1h": 337}
OUTPUT, REASONING, SEARCHES = 789, 321, 3
SMALL = 9_999
NANO = Decimal(10) ** 9
GENAI_KEY = {"input": "input_mtok", "cache_read": "cache_read_mtok", "cache_write_5m": "cache_write_mtok",
             "cache_write_1h": "cache_write_1h_mtok", "output": "output_mtok"}
LITELLM_KEY = {"input": "input_cost_per_token", "cache_read": "cache_read_input_token_cost",
               "cache_write_5m": "cache_creation_input_token_cost",
               "cache_write_1h": "cache_creation_input_token_cost_above_1hr", "output": "output_cost_per_token"}
LITELLM_TIER = {"standard": "", "flex": "_flex", "priority": "_priority", "batch": "_batches"}
WHEN = {"standard": {}, "flex": {"service_tier": "flex"}, "priority": {"service_tier": "priority"},
        "batch": {"processing": "batch"}, "speed fast": {"speed": "fast"}}


def nano(units, usd_each):
    return int((units * usd_each * NANO).quantize(Decimal(1), ROUND_HALF_UP))


def started(constraint):
    if constraint is None:
        return True
    if isinstance(constraint, types.StartDateConstraint):
        return constraint.start_date <= AT.date()
    return constraint.start_time <= AT.timetz() < constraint.end_time


def genai_row(model, context):
    """The table's prices by key in a context, or None where it has none for the context."""
    rows = model.prices if isinstance(model.prices, list) else [types.ConditionalPrice(prices=model.prices)]
    row = dict(vars(next(r for r in reversed(rows) if started(r.constraint)).prices))
    if context == "standard":
        return row
    merged = {}
    for variant in model.price_variants or []:
        if started(variant.constraint) and variant.when == WHEN[context]:
            for key, price in vars(variant.prices).items():
                merged.setdefault(key, price)
    return {**row, **merged} if merged else None


def banded(price, prompt):
    if not isinstance(price, types.TieredPrices):
        return price
    above = [tier for tier in price.tiers if prompt > tier.start]
    return max(above, key=lambda tier: tier.start).price if above else price.base


def genai_usd(row, kind, prompt):
    """Dollars for one unit, with the fall-backs docs/prices.md names."""
    if kind == "web_search":
        price = row.get("web_searches_kcount")
        return price / 1000 if price else None
    order = {"cache_write_1h": ["cache_write_1h", "cache_write_5m", "input"], "cache_write_5m": ["cache_write_5m", "input"],
             "cache_read": ["cache_read", "input"]}.get(kind, [kind])
    price = next((row[GENAI_KEY[k]] for k in order if row.get(GENAI_KEY[k]) is not None), None)
    return None if price is None else banded(price, prompt) / 1_000_000


def litellm_usd(entry, kind, prompt, context):
    """Dollars for one unit as the table writes it; None where it writes nothing for this very case."""
    if kind == "web_search":
        return entry.get("search_context_cost_per_query", {}).get("search_context_size_medium")
    key, factor = LITELLM_KEY[kind], Decimal(1)
    if context == "speed fast":
        factor, tier = entry.get("provider_specific_entry", {}).get("fast"), ""
        if factor is None:
            return None
    else:
        tier = LITELLM_TIER[context]
    if kind == "cache_write_1h" and key + tier not in entry and "cache_creation_input_token_cost_above_12hr" + tier in entry:
        key = "cache_creation_input_token_cost_above_12hr"
    bands = sorted(thousands(name) for name in entry if name.startswith("input_cost_per_token_above_"))
    above = [start for start in bands if start is not None and prompt > start]
    suffix = f"_above_{above[-1] // 1000}k_tokens" if above else ""
    price = entry.get(key + suffix + tier)
    return None if price is None else price * factor


def thousands(name):
    part = name.removeprefix("input_cost_per_token_above_").split("k_tokens")[0]
    return int(part) * 1000 if part.isdigit() else None


def starts(model, entry):
    found = set()
    rows = [r.prices for r in model.prices] if isinstance(model.prices, list) else [model.prices]
    for row in rows + [v.prices for v in model.price_variants or []]:
        for price in vars(row).values():
            if isinstance(price, types.TieredPrices):
                found.update(tier.start for tier in price.tiers)
    found.update(start for name in entry if name.startswith("input_cost_per_token_above_") for start in [thousands(name)] if start)
    return sorted(found)


def usage(row, prompt):
    units = {"input": prompt - sum(CACHED.values()), **CACHED, "output": OUTPUT}
    return {**units, "web_search": SEARCHES if row.get("web_searches_kcount") else 0}


def second_opinion(provider, model, context, units, exact):
    """genai-prices' own calculator on the same usage: its input count includes the cache."""
    prompt = sum(units[kind] for kind in KINDS[:4])
    asked = genai_prices.Usage(
        input_tokens=prompt, cache_read_tokens=units["cache_read"],
        cache_write_tokens=units["cache_write_5m"] + units["cache_write_1h"],
        cache_write_1h_tokens=units["cache_write_1h"], output_tokens=units["output"], web_searches=units["web_search"])
    answer = genai_prices.calc_price(asked, model_ref=model.id, provider_id=provider,
                                     genai_request_timestamp=AT, price_context=WHEN[context] or None)
    if answer.model.id != model.id or answer.total_price != exact:
        sys.exit(f"{provider}/{model.id} {context}: {answer.total_price} by genai-prices itself, {exact} here")


def case(provider, model, entry, context, prompt):
    row = genai_row(model, context)
    if row is None or row.get("output_mtok") is None or row.get("input_mtok") is None:
        return None
    units = usage(row, prompt)
    ours = {kind: genai_usd(row, kind, prompt) for kind in KINDS}
    lines, exact = [], Decimal(0)
    for kind in KINDS:
        if not units[kind]:
            continue
        exact += units[kind] * ours[kind]
        theirs = litellm_usd(entry, kind, prompt, context) if entry else None
        lines.append([units[kind], nano(units[kind], ours[kind]), None if theirs is None else nano(units[kind], theirs)])
    second_opinion(provider, model, context, units, exact)
    return [context, prompt, lines]


def chosen(litellm):
    for provider in data.providers:
        for model in provider.models:
            if any(key.startswith("output_") and key not in ("output_mtok", "output_reasoning_mtok")
                   for row in [genai_row(model, "standard")] for key in row):
                continue  # Image and sound output: a usage does not say which of it was which.
            if provider.id == "openrouter" and model.id in OPENROUTER:
                yield provider.id, model, {}
            if provider.id in PREFIX and not model.deprecated:
                entry = litellm.get(PREFIX[provider.id] + model.id, {})
                if entry.get("mode") in ("chat", "responses"):
                    yield provider.id, model, entry


def main():
    folder = importlib.util.find_spec("litellm").submodule_search_locations[0]
    table = pathlib.Path(folder, "model_prices_and_context_window_backup.json")
    litellm = json.loads(table.read_text("utf-8"), parse_float=Decimal, parse_int=Decimal)
    models = []
    for provider, model, entry in chosen(litellm):
        bands = sorted({SMALL} | {size for start in starts(model, entry) for size in (start, start + 1)})
        cases = [case(provider, model, entry, context, prompt) for context in CONTEXTS for prompt in bands]
        cases = [c for c in cases if c]
        if cases:
            models.append([provider, model.id, cases])
    if "--differences" in sys.argv:
        return differences(models)
    head = {"at": AT.isoformat(), "reasoning": REASONING, "kinds": KINDS,
            "litellm": importlib.metadata.version("litellm"), "genai_prices": importlib.metadata.version("genai-prices")}
    rows = ",\n".join(json.dumps(model, separators=(",", ":")) for model in models)
    text = json.dumps(head)[:-1] + ', "models": [\n' + rows + "\n]}\n"
    pathlib.Path(__file__).with_name("oracle.json").write_text(text, "utf-8")
    print(len(models), "models,", sum(len(m[2]) for m in models), "bills,", len(text), "bytes")


def differences(models):
    for provider, model, cases in models:
        for context, prompt, lines in cases:
            for kind, (units, ours, theirs) in zip(KINDS, lines):
                if theirs is not None and theirs != ours:
                    print(provider, model, context, kind, prompt, Decimal(ours) / units / 1000, Decimal(theirs) / units / 1000)


main()
