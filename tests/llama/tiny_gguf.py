"""Writes a tiny llama model with random weights: a real file for a real server, half a megabyte.

One layer, a byte-level vocabulary and a chat template. The first coordinate of every state is
large, and the head turns it against control and byte tokens: without that, half a character
comes out now and then and the server answers 500.
"""
import sys

import gguf
import numpy as np

WIDTH, HEADS, FEED, CONTEXT = 64, 2, 128, 2048
TEMPLATE = "{% for m in messages %}<{{ m.role }}> {{ m.content }}\n{% endfor %}<assistant>"
WORDS = "the water stands still over a low step and falls clear into next level where heron waits for fish".split()


def vocabulary():
    kinds = gguf.TokenType
    rows = [("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL)]
    rows += [(f"<0x{b:02X}>", kinds.BYTE) for b in range(256)]
    rows += [("▁" + w, kinds.NORMAL) for w in dict.fromkeys(WORDS)]
    rows += [(c, kinds.NORMAL) for c in "▁abcdefghijklmnopqrstuvwxyz.,:<>"]
    return rows


def write(path, rows, template, context, tensors):
    """The file: `rows` are the vocabulary, of which the first three are unknown, begin and end."""
    out = gguf.GGUFWriter(path, "llama")
    out.add_name("weir-tiny")
    out.add_context_length(int(context))
    out.add_embedding_length(WIDTH)
    out.add_block_count(1)
    out.add_feed_forward_length(FEED)
    out.add_head_count(HEADS)
    out.add_head_count_kv(HEADS)
    out.add_layer_norm_rms_eps(1e-5)
    out.add_rope_dimension_count(WIDTH // HEADS)
    out.add_vocab_size(len(rows))
    out.add_file_type(gguf.LlamaFileType.ALL_F32)
    out.add_tokenizer_model("llama")
    out.add_token_list([t.encode() for t, _ in rows])
    out.add_token_scores([0.0 if k != gguf.TokenType.NORMAL else -float(i) for i, (_, k) in enumerate(rows)])
    out.add_token_types([int(k) for _, k in rows])
    out.add_bos_token_id(1)
    out.add_eos_token_id(2)
    out.add_unk_token_id(0)
    out.add_chat_template(template)
    for name, data in tensors.items():
        out.add_tensor(name + ".weight", data)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def layers(embedding, head, weights):
    """The tensors of one layer; `weights(rows, columns)` makes each of its matrices."""
    ones = np.ones(WIDTH, dtype=np.float32)
    tensors = {"token_embd": embedding, "output": head, "output_norm": ones, "blk.0.attn_norm": ones, "blk.0.ffn_norm": ones}
    tensors |= {f"blk.0.attn_{n}": weights(WIDTH, WIDTH) for n in ("q", "k", "v", "output")}
    return tensors | {"blk.0.ffn_gate": weights(FEED, WIDTH), "blk.0.ffn_up": weights(FEED, WIDTH), "blk.0.ffn_down": weights(WIDTH, FEED)}


def main(path, context=CONTEXT, ends=-20.0):
    rows, rng = vocabulary(), np.random.default_rng(7)

    def random(*shape, scale=0.05):
        return (rng.standard_normal(shape) * scale).astype(np.float32)

    embedding = random(len(rows), WIDTH, scale=0.3)
    embedding[:, 0] = 8.0
    head = random(len(rows), WIDTH, scale=0.5)
    head[:, 0] = [-20.0 if k != gguf.TokenType.NORMAL else 0.0 for _, k in rows]
    head[2, 0] = float(ends)  # how readily it comes to an end by itself
    write(path, rows, TEMPLATE, context, layers(embedding, head, random))


if __name__ == "__main__":
    main(*sys.argv[1:])
