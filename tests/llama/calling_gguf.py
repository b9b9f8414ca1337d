"""Writes a tiny llama model that knows one thing: to call a tool, and to finish when it has answered.

Its one layer does nothing, so that the last token alone decides the next. The chat template ends
a prompt with a mark for where the loop is; each mark is followed by one token that is the whole
answer, and that by the end.

usage: calling_gguf.py FILE CONTEXT TOOLS SECRET      (TOOLS: JSON, each tool's name and arguments)
"""
import json
import sys
from string import ascii_lowercase

import gguf
import numpy as np
from tiny_gguf import WIDTH, layers, vocabulary, write

# The clients' own checks want a prompt of more than 2000 tokens; here two letters are one.
LONG = "the water stands still " * 220
# The tools on offer; the last of the KNOWN among them is the mark.
SYSTEM = """{%- if tools -%}<|im_start|>system
LONG
# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{%- for tool in tools %}
{%- set f = tool.function if tool.function else tool %}
{%- for known in KNOWN %}{% if f.name == known %}{% set ns.mark = known %}{% endif %}{% endfor %}
{{ tool | tojson }}
{%- endfor %}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|im_end|>
{% endif -%}"""
HISTORY = """{%- for m in messages -%}
{%- if m.role == 'tool' -%}
<|im_start|>user
<tool_response>
{{ m.content }}
</tool_response><|im_end|>
{% else -%}
<|im_start|>{{ m.role }}
{% if m.content %}{{ m.content }}{% endif %}
{%- for call in m.tool_calls or [] %}
{%- set c = call.function if call.function else call %}
<tool_call>
{"name": "{{ c.name }}", "arguments": {{ c.arguments | tojson }}}
</tool_call>
{%- endfor -%}
<|im_end|>
{% endif -%}
{%- endfor -%}"""
TEMPLATE = "{%- set ns = namespace(mark='plain') -%}\n" + SYSTEM + HISTORY + """
{%- for m in messages -%}
{%- if m.role == 'tool' -%}{%- set ns.mark = 'after' if 'SECRET' in (m.content | string) else 'wrong' -%}{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}<|im_start|>assistant
<|{{ ns.mark }}|>
{%- endif -%}"""


def answers(tools, secret):
    """What follows each mark, as one token."""
    said = {name: f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>" for name, arguments in tools.items()}
    return said | {"after": f"FINISHED with the file read: {secret}.", "wrong": "FAILED: the result is not the file.", "plain": "Notes"}


def write_calling(path, context, template, known, said):
    """The file of a model that says what `said` has for the mark at the end of its prompt."""
    kinds = gguf.TokenType
    rows, next_of = vocabulary(), {}
    rows += [(c, kinds.NORMAL) for c in '"{}']
    # Pairs of letters: a prompt of half as many tokens is read in a quarter of the time.
    single = {text for text, _ in rows}
    rows += [(a + b, kinds.NORMAL) for a in "▁" + ascii_lowercase for b in ascii_lowercase if a + b not in single]
    for mark, text in said.items():
        next_of[len(rows)] = len(rows) + 1
        rows += [(f"<|{mark}|>", kinds.CONTROL), (text, kinds.USER_DEFINED)]
    embedding, head = np.zeros((len(rows), WIDTH), np.float32), np.zeros((len(rows), WIDTH), np.float32)
    embedding[:, 0] = 1.0
    states = np.eye(WIDTH, dtype=np.float32)
    for state, (last, following) in enumerate(next_of.items(), 2):
        embedding[last], embedding[following] = states[state], states[1]
        head[following, state] = 10.0
    head[2, 1] = 10.0  # an answer is over after its one token
    # Where a grammar leaves it another way only: end, or close what is open.
    for n, text in enumerate(("</s>", "}", '"')):
        head[[t for t, _ in rows].index(text)] += 3.0 - n
    template = template.replace("LONG", LONG).replace("KNOWN", json.dumps(known))
    write(path, rows, template, context, layers(embedding, head, lambda *shape: np.zeros(shape, np.float32)))


def main(path, context, tools, secret):
    tools = json.loads(tools)
    write_calling(path, context, TEMPLATE.replace("SECRET", secret), list(tools), answers(tools, secret))


if __name__ == "__main__":
    main(*sys.argv[1:])
