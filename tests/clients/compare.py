"""Lays requests side by side: exactly within one run, and modulo measured noise between runs.

Owns what may differ and why. Pure: takes exchanges, gives sentences; an empty list is agreement.
"""
import json
import re
from collections import Counter

# Of the hop, not of the message (RFC 9110 7.6.1), or rewritten by design: the address and who pays.
HOP = {"host", "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "content-length"}
CREDENTIAL = {"authorization", "x-api-key", "x-goog-api-key", "x-weir-token"}
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}\[\]:,]|\s+|.', re.S)
SHAPES = [(re.compile(p), s) for p, s in [
    (rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", b"<uuid>"),
    (rb"(?:ses|msg|prt|req)_[0-9A-Za-z]{16,}", b"<id>"), (rb"\b[0-9a-f]*\d[0-9a-f]*\b", b"<hex>")]]


def shape(value):
    for pattern, mark in SHAPES:
        value = pattern.sub(mark, value)
    return value


def kept(headers):
    return Counter((k.lower(), v) for k, v in headers if k.lower() not in HOP | CREDENTIAL)


def forwarded(exchange):
    """Weir answers probes, lists and upgrades itself; only POSTs are a provider's to answer."""
    return exchange[0].method == "POST"


# ---- one run: what went into Weir against what came out of it, byte for byte ----

def through(front, back):
    """`front`: client and Weir; `back`: Weir and provider."""
    problems, left = [], list(back)
    for exchange in filter(forwarded, front):
        asked, status, _, got = exchange
        same = [b for b in left if (b[0].method, b[0].target) == (asked.method, asked.target)]
        if not same:
            problems.append(f"{asked.method} {asked.target} never reached the provider (answered {status})")
            continue
        found = next((b for b in same if b[0].body == asked.body), None) or next((b for b in same if usage_asked(asked.body, b[0].body)), same[0])
        left.remove(found)
        problems += [f"{asked.target}: {p}" for p in _message(asked, found[0]) + _answer(exchange, found)]
    return problems + [f"{b[0].method} {b[0].target} reached the provider, but no client sent it" for b in left]


def _message(asked, sent):
    problems = []
    if asked.body != sent.body and not usage_asked(asked.body, sent.body):
        at = next((i for i, (a, b) in enumerate(zip(asked.body, sent.body)) if a != b), min(len(asked.body), len(sent.body)))
        problems.append(f"the body changed at byte {at}: {asked.body[at - 20:at + 40]!r} became {sent.body[at - 20:at + 40]!r}")
    before, after = kept(asked.headers), kept(sent.headers)
    if asked.body != sent.body:  # a stream in which a chunk must be hidden is asked for uncompressed
        before = Counter({(k, "identity" if k == "accept-encoding" else v): n for (k, v), n in before.items()})
    lost, added = before - after, after - before
    problems += [f"the header {k}: {v} was lost" for k, v in lost] + [f"the header {k}: {v} was added" for k, v in added]
    return problems


def usage_asked(asked, sent):
    """The one edit of a Chat stream: usage asked for by one insertion, every other byte the same."""
    if len(sent) <= len(asked) or b'"stream"' not in asked:
        return False
    start = next((i for i, (a, b) in enumerate(zip(asked, sent)) if a != b), len(asked))
    end = len(asked) - start
    if end and sent[-end:] != asked[start:]:
        return False
    before, after = json.loads(asked), json.loads(sent)
    if after.pop("stream_options", {}).get("include_usage") is not True:
        return False
    (before.get("stream_options") or {}).pop("include_usage", None)
    before.pop("stream_options", None)
    return before == after


def _answer(front, back):
    problems = []
    if front[1] != back[1]:
        problems.append(f"the status {back[1]} became {front[1]}")
    own = {(k, v) for k, v in kept(front[2]) if k.startswith("x-weir-")}
    if not any(k == "x-weir-request-id" for k, _ in own):
        problems.append("the answer carries no x-weir-request-id")
    lost, added = kept(back[2]) - kept(front[2]), kept(front[2]) - kept(back[2])
    problems += [f"the answer's header {k}: {v} was lost" for k, v in lost]
    problems += [f"the answer's header {k}: {v} was added" for k, v in added if (k, v) not in own]
    wanted = back[3] if front[0].body == back[0].body else without_usage(back[3])
    if front[3] != wanted:
        problems.append(f"the answer's body changed: {wanted[-200:]!r} became {front[3][-200:]!r}")
    return problems


def without_usage(stream):
    """A Chat stream less the chunk that only reports usage."""
    events = re.split(rb"(?<=\n\n)", stream)
    return b"".join(e for e in events if b'"choices": []' not in e)


# ---- between runs: the same client, twice directly and once through Weir ----

def between(first, second, third):
    """(problems, noise): `noise` names what already differs between the two direct runs."""
    problems, noise = [], Counter()
    if (lines := [Counter((e[0].method, e[0].target) for e in run) for run in (first, second, third)])[0] != lines[1]:
        noise["the requests themselves, in number or address"] += 1
    elif lines[0] != lines[2]:
        return [f"other requests than directly: {dict(lines[2] - lines[0])} more, {dict(lines[0] - lines[2])} fewer"], noise
    for one in first:
        two, three = _nearest(one, second), _nearest(one, third)
        if two is None or three is None:
            continue
        problems += [f"{one[0].target}: {p}" for p in _fields(one[0], two[0], three[0], noise) + _bodies(one[0], two[0], three[0], noise)]
    return problems, noise


def _nearest(exchange, run):
    same = [e for e in run if (e[0].method, e[0].target) == (exchange[0].method, exchange[0].target)]
    return min(same, key=lambda e: _distance(exchange[0].body, e[0].body), default=None)


def _distance(a, b):
    left, right = TOKEN.findall(a), TOKEN.findall(b)
    return abs(len(left) - len(right)) * 1000 + sum(x != y for x, y in zip(left, right))


def _fields(one, two, three, noise):
    a, b, c = (dict(sorted(kept(x.headers))) for x in (one, two, three))
    problems = []
    for name in a.keys() | c.keys():
        if a.get(name) != b.get(name):
            noise[f"header {name}"] += 1
        elif a.get(name) != c.get(name):
            problems.append(f"the header {name} is {c.get(name)!r}, directly {a.get(name)!r}")
    return problems


def _keys(body):
    """The order of an object's keys: some clients write theirs from an unordered map."""
    return re.findall(rb'"(\w+)":', body)


def _sorted(body):
    try:
        return json.dumps(json.loads(body), sort_keys=True, ensure_ascii=False).encode()
    except ValueError:
        return body


def _bodies(one, two, three, noise):
    if _keys(one.body) == _keys(two.body):
        a, b, c = (TOKEN.findall(x.body) for x in (one, two, three))
    else:
        noise["the order of keys"] += 1
        a, b, c = (TOKEN.findall(_sorted(x.body)) for x in (one, two, three))
    if len(a) != len(b):
        noise["the body's structure"] += 1
        return []
    if len(a) != len(c):
        return [f"the body has {len(c)} tokens, directly {len(a)}"]
    problems = []
    for x, y, z in zip(a, b, c):
        if x != y:
            noise[f"body value like {shape(x)[:60].decode(errors='replace')}"] += 1
            if shape(x) == shape(y) and sorted(shape(x)) != sorted(shape(z)):
                problems.append(f"a changing value has another shape: {z[:80]!r}, directly {x[:80]!r}")
        elif x != z:
            problems.append(f"the body says {z[:80]!r}, directly {x[:80]!r}")
    return problems
