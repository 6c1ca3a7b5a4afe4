"""Writes a language model of a few hundred kilobytes with random weights: ``python tiny_model.py FILE``.

It babbles, always the same. What is real about it is everything around: the server that loads it, its tokens, its
grammar, its streams. Needs the packages ``gguf`` and ``numpy``, which the environment of the server has.
"""

from __future__ import annotations

import sys

import numpy as np
from gguf import GGUFWriter, TokenType

CONTEXT, WIDTH, INNER, LAYERS, HEADS = 4096, 64, 128, 2, 4

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)

SPECIAL = [("<unk>", TokenType.UNKNOWN), ("<s>", TokenType.CONTROL), ("</s>", TokenType.CONTROL)]
BYTES = [(f"<0x{byte:02X}>", TokenType.BYTE) for byte in range(256)]
LETTERS = [(sign, TokenType.NORMAL) for sign in "▁abcdefghijklmnopqrstuvwxyz0123456789.,:;!?{}[]\"'()_-"]


def write(path: str) -> None:
    """Write the model's file."""
    tokens = SPECIAL + BYTES + LETTERS
    out = GGUFWriter(path, "llama")
    out.add_name("tiny")
    out.add_context_length(CONTEXT)
    out.add_embedding_length(WIDTH)
    out.add_block_count(LAYERS)
    out.add_feed_forward_length(INNER)
    out.add_head_count(HEADS)
    out.add_head_count_kv(HEADS)
    out.add_layer_norm_rms_eps(1e-6)
    out.add_rope_dimension_count(WIDTH // HEADS)
    out.add_rope_freq_base(10000.0)
    out.add_file_type(0)
    out.add_vocab_size(len(tokens))
    out.add_tokenizer_model("llama")
    out.add_token_list([text for text, _ in tokens])
    out.add_token_scores([0.0] * len(tokens))
    out.add_token_types([kind for _, kind in tokens])
    out.add_unk_token_id(0)
    out.add_bos_token_id(1)
    out.add_eos_token_id(2)
    out.add_chat_template(TEMPLATE)
    chance = np.random.default_rng(7)

    def weights(*shape: int) -> np.ndarray:
        return (chance.standard_normal(shape) * 0.2).astype(np.float32)

    out.add_tensor("token_embd.weight", weights(len(tokens), WIDTH))
    out.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    out.add_tensor("output.weight", weights(len(tokens), WIDTH))
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        for name in ("attn_norm", "ffn_norm"):
            out.add_tensor(f"{block}{name}.weight", np.ones(WIDTH, np.float32))
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            out.add_tensor(f"{block}{name}.weight", weights(WIDTH, WIDTH))
        out.add_tensor(f"{block}ffn_gate.weight", weights(INNER, WIDTH))
        out.add_tensor(f"{block}ffn_up.weight", weights(INNER, WIDTH))
        out.add_tensor(f"{block}ffn_down.weight", weights(WIDTH, INNER))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


if __name__ == "__main__":
    write(sys.argv[1])
