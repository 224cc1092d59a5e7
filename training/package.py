"""Completes a model's folder: the tokenizer, its settings with the chat template, and the manifest.

    python3 package.py --model shakespeare-1m --tokenizer tokenizer.json --corpus FILE --folder FOLDER

Run it last: the manifest holds the sizes and SHA-256 of all other files.
"""

import argparse
import hashlib
import json
import os
import shutil

from config import CONTEXT, END_OF_TEXT, END_OF_TEXT_ID, MODELS, Architecture
from evaluate import measure
from exported import initializers
from files import GRAPHS, MANIFEST, TOKENIZER, TOKENIZER_CONFIG

LICENSE = "Apache-2.0"
PREFILL = 256  # the tokens of one prefill pass for which memory is reckoned

# A conversation is a play: a citizen speaks, Romeo answers, and a system message is a stage direction.
CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ '[' + message['content'] + ']\\n\\n' }}"
    "{% elif message['role'] == 'assistant' %}{{ 'ROMEO:\\n' + message['content'] + '\\n\\n' }}"
    "{% else %}{{ 'CITIZEN:\\n' + message['content'] + '\\n\\n' }}"
    "{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ROMEO:\\n' }}{% endif %}"
)


def tokenizer_config() -> dict:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": CONTEXT,
        "bos_token": END_OF_TEXT, "eos_token": END_OF_TEXT, "add_bos_token": True, "add_eos_token": False,
        "clean_up_tokenization_spaces": False, "chat_template": CHAT_TEMPLATE,
    }


def parameters(shape: Architecture) -> int:
    attention = 2 * shape.hidden * shape.head_dim * (shape.heads + shape.kv_heads)
    layer = attention + 3 * shape.hidden * shape.intermediate + 2 * shape.hidden
    return shape.vocabulary * shape.hidden + shape.layers * layer + shape.hidden


def memory(shape: Architecture, variant: str, graph: str) -> int:
    """Bytes that one stream at full context needs: see "Memory" in README.md."""
    weights = sum(tensor.nbytes for tensor in initializers(graph).values())
    turned_embedding = 4 * shape.vocabulary * shape.hidden if variant == "fp32" else 0
    cache = 2 * 4 * shape.layers * shape.kv_heads * shape.head_dim * CONTEXT
    widest = shape.vocabulary + 4 * shape.intermediate + 4 * shape.hidden
    return weights + turned_embedding + cache + 4 * PREFILL * widest


def manifest(model_id: str, folder: str, quality: dict[str, float]) -> dict:
    model = MODELS[model_id]
    shape = model.architecture
    paths = [*GRAPHS.values(), TOKENIZER, TOKENIZER_CONFIG]
    return {
        "format": 1, "id": model.id, "name": model.name, "description": model.description, "license": LICENSE,
        "architecture": {
            "kind": "decoder", "layers": shape.layers, "heads": shape.heads, "kvHeads": shape.kv_heads,
            "headDim": shape.head_dim, "hidden": shape.hidden, "intermediate": shape.intermediate,
            "vocab": shape.vocabulary, "parameters": parameters(shape),
        },
        "context": shape.context, "bosTokenId": END_OF_TEXT_ID, "eosTokenIds": [END_OF_TEXT_ID],
        "quality": {"heldOutBitsPerByte": {variant: round(bits, 4) for variant, bits in quality.items()}},
        "variants": {
            variant: {"dtype": variant, "graph": graph,
                      "memoryBytes": memory(shape, variant, os.path.join(folder, graph))}
            for variant, graph in GRAPHS.items()
        },
        "files": [{"path": path, **fingerprint(os.path.join(folder, path))} for path in paths],
    }


def fingerprint(path: str) -> dict:
    with open(path, "rb") as file:
        content = file.read()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def write_json(path: str, value: dict) -> None:
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, indent=2)
        file.write("\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Completes a model's folder, which must be named after it.")
    parser.add_argument("--model", required=True, choices=MODELS)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--folder", required=True)
    options = parser.parse_args()
    shutil.copyfile(options.tokenizer, os.path.join(options.folder, TOKENIZER))
    write_json(os.path.join(options.folder, TOKENIZER_CONFIG), tokenizer_config())
    quality = measure(options.folder, options.corpus)
    write_json(os.path.join(options.folder, MANIFEST), manifest(options.model, options.folder, quality))


if __name__ == "__main__":
    main()
