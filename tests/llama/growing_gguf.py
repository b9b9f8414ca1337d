"""Writes a tiny llama model that works through pages until its conversation must be shortened, and goes on
after that: it reads one page after another, sums up when it is asked to, and then reads the last file.

What it says next is decided by the chat template alone, as in calling_gguf.py: how many pages it has read,
whether it is asked for a summary, and whether there is one. Without a summary it never comes to an end.

usage: growing_gguf.py FILE CONTEXT STEPS PAGE_END SECRET      (STEPS: JSON, each tool's name and its arguments for
                                                             every page and for the last file; PAGE_END: the words
                                                             that every page ends with)
"""
import json
import sys

from calling_gguf import HISTORY, SYSTEM, write_calling

# What a tool that shortens its conversation asks for.
SUMMARIES = ("create a detailed summary", "CONTEXT CHECKPOINT COMPACTION")
SUMMED = "all pages are read and only the notes are left"
STATE = """{%- for m in messages -%}
{%- set said = m.content | string -%}
{%- if m.role == 'tool' and 'PAGE_END' in said -%}{%- set ns.pages = ns.pages + 1 -%}{%- endif -%}
{%- if m.role != 'assistant' and 'SECRET' in said -%}{%- set ns.done = true -%}{%- endif -%}
{%- if 'SUMMED' in said -%}{%- set ns.summed = true -%}{%- endif -%}
{%- if m.role == 'assistant' -%}{%- set ns.asked = false -%}{%- endif -%}
{%- for words in SUMMARIES -%}{%- if words in said -%}{%- set ns.asked = true -%}{%- endif -%}{%- endfor -%}
{%- endfor -%}"""
MARK = """{%- if ns.asked and ns.done -%}<|all|>
{%- elif ns.asked -%}<|summary|>
{%- elif ns.done -%}<|after|>
{%- elif ns.mark == 'plain' -%}<|plain|>
{%- elif ns.summed -%}<|{{ ns.mark }}-LAST|>
{%- elif ns.pages < LAST -%}<|{{ ns.mark }}-{{ ns.pages }}|>
{%- else -%}<|never|>
{%- endif -%}"""


def main(path, context, steps, page_end, secret):
    steps = json.loads(steps)
    last = len(next(iter(steps.values()))) - 1
    said = {f"{tool}-{n}": f"<tool_call>\n{json.dumps({'name': tool, 'arguments': a})}\n</tool_call>" for tool, all_of in steps.items() for n, a in enumerate(all_of)}
    said |= {"after": f"FINISHED with the file read: {secret}.", "plain": "Notes", "never": "FAILED: all pages had room.",
             "summary": f"<analysis>It is short.</analysis><summary>{SUMMED}.</summary>",
             "all": f"<analysis>It is short.</analysis><summary>The notes say {secret}.</summary>"}
    begin = "{%- set ns = namespace(mark='plain', pages=0, done=false, summed=false, asked=false) -%}\n"
    template = begin + SYSTEM + HISTORY + STATE + "{%- if add_generation_prompt -%}<|im_start|>assistant\n" + MARK + "\n{%- endif -%}"
    for name, text in {"PAGE_END": page_end, "SUMMARIES": json.dumps(list(SUMMARIES)), "SUMMED": SUMMED, "SECRET": secret, "LAST": str(last)}.items():
        template = template.replace(name, text)
    write_calling(path, context, template, list(steps), said)


if __name__ == "__main__":
    main(*sys.argv[1:])
