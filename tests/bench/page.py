"""The page of results: medians over rounds, differences within a round, ratios to the bare proxy.

Pure but for reading the machine's name. Every figure says what it is added to.
"""
import datetime
import json
import os
import platform
import statistics
import subprocess

import contenders as c

CELLS = ("0.4 KB", "8 KB", "200 KB")
TRANSLATING = "weir, translating"
STREAM_EVENTS = 52


def good(figures):
    return [f for f in figures if "failed" not in f]


def median(figures, key):
    return statistics.median(f[key] for f in good(figures)) if good(figures) else None


def added(seen, name, cell, key):
    """Median over rounds of (contender − direct) in the same round, in microseconds."""
    pairs = list(zip(seen.get((name, cell), []), seen[("direct", cell)]))
    values = [mine[key] - direct[key] for mine, direct in pairs if "failed" not in mine]
    return statistics.median(values) if values else None


def us(value):
    if value is None:
        return "not served"
    return f"{value:.0f} µs" if value < 1000 else f"{value / 1000:.2f} ms"


def rows(env):
    """Rows the run itself left in the ledger, as `cost summary` counts them."""
    out = subprocess.run([c.RELEASE / "weir", "cost", "summary", "--period", "all", "--json"], env={**os.environ, **env}, capture_output=True, text=True, check=True)
    return json.loads(out.stdout)["requests"]


def machine():
    model = next((x.split(":", 1)[1].strip() for x in open("/proc/cpuinfo") if x.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} cores of {model}, Linux {platform.release()}"


def latency(seen, names, cells):
    floor = "bare hyper" if "bare hyper" in names else "weir"
    bare = {cell: added(seen, floor, cell, "p50_us") for cell in cells}
    lines = ["| added, one connection | " + " | ".join(f"{x} p50 | p99 | × {floor.split()[0]}" for x in cells) + " |", "|---" * (1 + 3 * len(cells)) + "|"]
    lines.append("| direct (absolute) | " + " | ".join(f"{us(median(seen[('direct', x)], 'p50_us'))} | {us(median(seen[('direct', x)], 'p99_us'))} | " for x in cells) + " |")
    for name in names[1:]:
        row = []
        for cell in cells:
            p50, p99 = added(seen, name, cell, "p50_us"), added(seen, name, cell, "p99_us")
            row.append(f"{us(p50)} | {us(p99)} | {p50 / bare[cell]:.1f}" if p50 is not None else "not served | | ")
        lines.append(f"| {name} | " + " | ".join(row) + " |")
    return "\n".join(lines)


def paced(seen, names):
    """The end of a stream at a pace. Its first byte says nothing: Weir lets go with the first content, some events later."""
    lines = ["| 52 events at 500 a second | added to last byte p50 | p99 |", "|---|---|---|"]
    for name in names[1:]:
        lines.append(f"| {name} | " + " | ".join(us(added(seen, name, "paced stream", k)) for k in ("p50_us", "p99_us")) + " |")
    return "\n".join(lines)


def stream(seen, names, what="stream of 52 events"):
    lines = [f"| {what} | added to first byte p50 | p99 | added to last byte p50 |", "|---|---|---|---|"]
    for name in names[1:]:
        keys = ("first_p50_us", "first_p99_us", "p50_us")
        lines.append(f"| {name} | " + " | ".join(us(added(seen, name, "stream", k)) for k in keys) + " |")
    return "\n".join(lines)


def capacity(seen, names, memory):
    lines = ["| 64 connections, 0.4 KB | requests/s | p99 | CPU a request | memory idle | peak | start |", "|---|---|---|---|---|---|---|"]
    for name in names:
        figures, held = seen[(name, "64 at once")], memory[name]
        rate, start = median(figures, "rps"), held["start_s"]
        began = "" if start is None else f"{start * 1000:.0f} ms" if start < 1 else f"{start:.1f} s"
        lines.append(f"| {name} | {f'{rate:,.0f}' if rate else 'not served'} | {us(median(figures, 'p99_us'))} | {us(median(figures, 'cpu_us'))} | "
                     f"{held['idle']:.0f} MB | {held['peak']:.0f} MB | {began} |")
    return "\n".join(lines)


def times(seen, over, under, cell, key):
    """How many times one's added figure is the other's, or None where one was not served."""
    a, b = added(seen, over, cell, key), added(seen, under, cell, key)
    return None if a is None or b is None else a / b


def targets(free, pinned, translated, facts):
    out = ["| target | on one core | on all cores | |", "|---|---|---|---|"]

    def line(what, value, ok):
        out.append(f"| {what} | | {value} | {'met' if ok else 'missed'} |")

    def both(what, over, under, cell, key, ok):
        alone, all_cores = times(pinned, over, under, cell, key), times(free, over, under, cell, key)
        if alone is not None and all_cores is not None:
            show = ["under the noise" if x <= 0 else f"{x:.1f} ×" if x < 10 else f"{x:.0f} ×" for x in (alone, all_cores)]
            out.append(f"| {what} | {show[0]} | {show[1]} | {'met' if ok(alone) else 'missed'} |")

    for cell in CELLS:
        both(f"added p50 at {cell} at most 3 × the bare proxy's", "weir", "bare hyper", cell, "p50_us", lambda x: x <= 3)
    both("added time to the first stream byte, p99, at most 5 × the bare proxy's", "weir", "bare hyper", "stream", "first_p99_us", lambda x: x <= 5)
    for name, least in (("Portkey", 20), ("LiteLLM", 100)):
        peer = next((n for n, cell in free if n.startswith(name)), None)
        for cell in CELLS if peer else ():
            both(f"added p50 at {cell} at least {least} × below {name}'s", peer, "weir", cell, "p50_us", lambda x: x >= least)
    out += translation_targets(translated, facts)
    rate = median(free[("weir", "64 at once")], "rps")
    line("8,000 requests/s at 64 connections", f"{rate:,.0f}", rate >= 8000)
    line("idle memory at most 35 MB", f"{facts['idle_rss_mb']:.1f} MB", facts["idle_rss_mb"] <= 35)
    line("idle wake-ups at most one a second", f"{facts['wakeups_per_s']:.1f}", facts["wakeups_per_s"] <= 1)
    line("listening within 100 ms of exec", f"{facts['start_ms']:.0f} ms (worst of {facts.get('starts', 11)}: {facts['start_worst_ms']:.0f})", facts["start_ms"] <= 100)
    return "\n".join(out)


def translating(translated, cell, key="p50_us"):
    """What translation adds to Weir's own figure, in microseconds."""
    pairs = zip(translated.get((TRANSLATING, cell), []), translated[("weir", cell)])
    values = [mine[key] - same[key] for mine, same in pairs if "failed" not in mine and "failed" not in same]
    return statistics.median(values) if values else None


def translation_targets(translated, facts):
    out = []

    def line(what, value, ok):
        out.append(f"| {what} | {value} | | {'met' if ok else 'missed'} |")

    for cell, most in (("8 KB", 150), ("200 KB", 2500)):
        cost = translating(translated, cell)
        if cost is not None:
            line(f"translation adds at most {us(most)} at {cell}", us(cost), cost <= most)
    cost = translating(translated, "stream")
    if cost is not None:
        line("translation adds at most 15 µs to a stream's event", f"{cost / STREAM_EVENTS:.1f} µs", cost / STREAM_EVENTS <= 15)
    peer = next((n for n, _ in translated if n.startswith("claude-code-router")), None)
    compared = (("a translated answer, 8 KB", "8 KB", "p50_us"), ("a translated answer, 200 KB", "200 KB", "p50_us"),
                ("a translated stream's first byte", "stream", "first_p50_us"),
                ("the last byte of a translated stream at a model's pace", "paced stream", "p50_us"))
    for what, cell, key in compared if peer else ():
        ratio = times(translated, peer, TRANSLATING, cell, key)
        if ratio is not None:
            line(f"added p50 of {what}, at least 10 × below claude-code-router's", f"{ratio:.0f} ×", ratio >= 10)
    held = facts["long"]
    if "failed" not in held:
        grown = held["second_half"] - held["first_half"]
        line("memory flat over a translated stream of two hours", f"{grown:+.1f} MB in its second half", grown <= 1)
    return out


def burst(translated):
    """What the other translator adds to a burst, beside Weir's."""
    peer = next((n for n, _ in translated if n.startswith("claude-code-router")), None)
    ratio = times(translated, peer, TRANSLATING, "stream", "p50_us") if peer else None
    return "" if ratio is None else f", and claude-code-router {ratio:.0f} times what Weir's translation does"


def text(free, pinned, translated, facts, memory, notes, count):
    names = list(dict.fromkeys(name for name, _ in free))
    seen = {**translated, **pinned, **free}
    failed = [f"{name}, {cell}: `{' '.join(figures[-1]['failed'].split())}`" for (name, cell), figures in seen.items() if "failed" in figures[-1]]
    passed = list(dict.fromkeys(name for name, _ in translated))
    held = facts["long"]
    held = f"failed: {held['failed']}" if "failed" in held else (
        f"{held['events']:,} events in {held['seconds']:.1f} s: {held['before']:.1f} MB before, at most {held['first_half']:.1f} MB "
        f"in the first half and {held['second_half']:.1f} MB in the second")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=c.ROOT, capture_output=True, text=True).stdout.strip()
    return f"""# Benchmarks

`make bench` on {datetime.date.today()}, commit {commit}: {machine()}. {count} rounds, all contenders in every round in
turning order; load average at the end {os.getloadavg()[0]:.1f}. Raw figures: `benchmarks.json`.

Everything runs on one machine: load generator, provider (a mock that answers at once) and gateway share the cores. *Added* is the
median over rounds of a gateway's figure less the direct one of the same round. Weir runs with all it does: token, facts, budget,
a reservation committed before the request leaves, usage read from the answer, settlement. *Bare hyper* is the same HTTP library
passing bytes on, on one thread, with nothing in between: the floor.

Targets of latency are judged by the run in which load, provider and gateway share one core. With all cores, what a sleeping core
takes to wake is in every figure, the floor's as well, and it is about half of the small ones; both are shown.

## Targets

{targets(free, pinned, translated, facts)}

## Latency

{latency(free, names, CELLS)}

{stream(free, names)}

## Capacity

{capacity(free, names, memory)}

`weir serve` idle: {facts['idle_rss_mb']:.1f} MB, {facts['wakeups_per_s']:.1f} wake-ups a second; from exec to listening {facts['start_ms']:.0f} ms.
The run itself left {facts['rows']:,} requests in the ledger.

## All on one core

Load, provider and gateway pinned to core 0: no waking of another core in the figures, and no second core for a gateway's other
threads either.

{latency(pinned, [n for n in names if (n, CELLS[0]) in pinned], CELLS)}

{stream(pinned, [n for n in names if (n, CELLS[0]) in pinned])}

## Translation

An Anthropic Messages client and a provider that speaks OpenAI Chat, all on one core. *weir* is the same request to a provider of its
own dialect; *added* is over the direct request to that one.

{latency(translated, passed, CELLS[1:])}

{stream(translated, passed, what="burst of 52 events, sent as fast as they go")}

{paced(translated, passed)}

A burst shows how much work an event is, and no model writes like that: the bare proxy alone adds {us(added(pinned, "bare hyper", "stream", "p50_us"))}
to it{burst(translated)}. At a pace, still several times a model's, the figure is what a user waits for the end of an answer.

One translated stream, two hours' worth at fifty events a second, sent as fast as it goes: {held}.

## Not served

{chr(10).join('- ' + x for x in failed + notes) or 'Every contender answered every cell.'}
"""
