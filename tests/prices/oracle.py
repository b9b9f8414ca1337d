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
import re
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


# What an answer tells apart: sound in the prompt, in its cache and in the answer, searches of files, and a place.
APART = ["input", "input_audio", "cache_read", "cache_read_audio", "output", "output_audio", "web_search", "file_search"]
SOUND = {"input": 2_003, "input_audio": 4_007, "cache_read": 1_237, "cache_read_audio": 611, "output": 789,
         "output_audio": 457, "web_search": 0, "file_search": 0}
APART_GENAI = {"input_audio": "input_audio_mtok", "cache_read_audio": "cache_audio_read_mtok",
               "output_audio": "output_audio_mtok"}
APART_LITELLM = {"input_audio": "input_cost_per_audio_token", "cache_read_audio": "cache_read_input_audio_token_cost",
                 "output_audio": "output_cost_per_audio_token"}
# One factor for all token prices, by the vendor's page; a search costs what it costs everywhere.
US = Decimal("1.1")


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


def sound_case(provider, model, entry, context):
    """A call with sound, where the table has a row for it."""
    row = genai_row(model, context)
    if row is None or row.get("input_audio_mtok") is None:
        return None
    units = {k: n for k, n in SOUND.items() if row.get(APART_GENAI.get(k, "input_mtok")) is not None}
    prompt = sum(n for k, n in units.items() if k.startswith(("input", "cache")))
    lines, exact = [], Decimal(0)
    for kind in [k for k in APART if units.get(k)]:
        key = APART_GENAI.get(kind)
        ours = banded(row[key], prompt) / 1_000_000 if key else genai_usd(row, kind, prompt)
        key = APART_LITELLM.get(kind)
        theirs = entry.get(key + LITELLM_TIER[context]) if key else litellm_usd(entry, kind, prompt, context)
        exact += units[kind] * ours
        lines.append([kind, units[kind], nano(units[kind], ours), None if theirs is None else nano(units[kind], theirs)])
    get = lambda kind: units.get(kind, 0)
    asked = genai_prices.Usage(
        input_tokens=prompt, input_audio_tokens=get("input_audio") + get("cache_read_audio"),
        cache_read_tokens=get("cache_read") + get("cache_read_audio"), cache_audio_read_tokens=get("cache_read_audio"),
        output_tokens=get("output") + get("output_audio"), output_audio_tokens=get("output_audio"))
    agree(provider, model, context, asked, exact)
    return [provider, model.id, context, False, lines]


def files_case(provider, model, theirs):
    """Searches of files; the other table has one price of them for all models, in a constant."""
    row = genai_row(model, "standard")
    if row.get("storage_searches_kcount") is None:
        return None
    ours = row["storage_searches_kcount"] / 1000
    agree(provider, model, "standard", genai_prices.Usage(storage_searches=SEARCHES), SEARCHES * ours)
    return [provider, model.id, "standard", False, [["file_search", SEARCHES, nano(SEARCHES, ours), nano(SEARCHES, theirs)]]]


def place_case(provider, model, entry, context):
    """An answer made in the United States alone. The other table writes the factor down for each model."""
    row = genai_row(model, context)
    factor = entry.get("provider_specific_entry", {}).get("us")
    if row is None or factor is None:
        return None
    units = {"input": 2_003, "cache_read": 1_237, "output": 789, "web_search": SEARCHES}
    prompt = units["input"] + units["cache_read"]
    lines = []
    for kind, n in units.items():
        usd, other = genai_usd(row, kind, prompt), litellm_usd(entry, kind, prompt, context)
        more = kind != "web_search"
        theirs = None if other is None else nano(n, other * (factor if more else 1))
        lines.append([kind, n, nano(n, usd * (US if more else 1)), theirs])
    return [provider, model.id, context, True, lines]


def agree(provider, model, context, usage, exact):
    answer = genai_prices.calc_price(usage, model_ref=model.id, provider_id=provider,
                                     genai_request_timestamp=AT, price_context=WHEN[context] or None)
    if answer.model.id != model.id or answer.total_price != exact:
        sys.exit(f"{provider}/{model.id} {context}: {answer.total_price} by genai-prices itself, {exact} here")


def files_usd(folder):
    """Dollars for one search, out of the text of litellm's constants: importing it needs all of its dependencies."""
    text = pathlib.Path(folder, "constants.py").read_text("utf-8")
    each = re.search(r'"OPENAI_FILE_SEARCH_COST_PER_1K_CALLS", ([0-9.]+) / ([0-9]+)', text)
    return Decimal(each[1]) / Decimal(each[2])


def apart(litellm, files):
    for provider in data.providers:
        for model in provider.models if provider.id in PREFIX else []:
            entry = litellm.get(PREFIX[provider.id] + model.id, {})
            if entry.get("mode") not in ("chat", "responses"):
                continue
            for context in CONTEXTS:
                if context != "speed fast":
                    yield sound_case(provider.id, model, entry, context)
                if context in ("standard", "batch", "speed fast"):
                    yield place_case(provider.id, model, entry, context)
            yield files_case(provider.id, model, files)


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
    told = [case for case in apart(litellm, files_usd(folder)) if case]
    if "--differences" in sys.argv:
        return differences(models, told)
    head = {"at": AT.isoformat(), "reasoning": REASONING, "kinds": KINDS,
            "litellm": importlib.metadata.version("litellm"), "genai_prices": importlib.metadata.version("genai-prices")}
    rows = ",\n".join(json.dumps(model, separators=(",", ":")) for model in models)
    text = json.dumps(head)[:-1] + ', "models": [\n' + rows + '\n], "apart": [\n'
    text += ",\n".join(json.dumps(case, separators=(",", ":")) for case in told) + "\n]}\n"
    pathlib.Path(__file__).with_name("oracle.json").write_text(text, "utf-8")
    print(len(models), "models,", sum(len(m[2]) for m in models), "bills,", len(told), "of parts,", len(text), "bytes")


def differences(models, told):
    for provider, model, context, _, lines in told:
        for kind, units, ours, theirs in lines:
            if theirs is not None and theirs != ours:
                print("apart", provider, model, context, kind, Decimal(ours) / units / 1000, Decimal(theirs) / units / 1000)
    for provider, model, cases in models:
        for context, prompt, lines in cases:
            for kind, (units, ours, theirs) in zip(KINDS, lines):
                if theirs is not None and theirs != ours:
                    print(provider, model, context, kind, prompt, Decimal(ours) / units / 1000, Decimal(theirs) / units / 1000)


main()
