"""Asks with Anthropic's own client, as an application would: a line with a question in, a line of JSON out.

Run with the Python of target/clients/sdk; the address and the token are its arguments.
"""

import json
import sys

import anthropic

client = anthropic.Anthropic(base_url=sys.argv[1], api_key=sys.argv[2], max_retries=0)
for question in sys.stdin:
    try:
        answer = client.messages.with_raw_response.create(
            model="claude-sonnet-4-5", max_tokens=8000, messages=[{"role": "user", "content": question.strip()}]
        )
        said = "".join(block.text for block in answer.parse().content)
        told = {"status": answer.status_code, "headers": dict(answer.headers), "text": said}
    except anthropic.APIStatusError as refused:
        told = {"status": refused.status_code, "headers": dict(refused.response.headers), "text": str(refused)}
    print(json.dumps(told), flush=True)
