"""Completes an encoder's folder: the tokenizer, its settings, and the manifest.

    python3 encoder_package.py --model shakespeare-embed --tokenizer tokenizer.json --corpus FILE --folder FOLDER

Run it last: the manifest holds the sizes and SHA-256 of all other files.
"""

import argparse
import os
import shutil

from config import END_OF_TEXT_ID, ENCODERS, Architecture
from encoder_evaluate import measure
from exported import initializers
from files import GRAPHS, MANIFEST, TOKENIZER, TOKENIZER_CONFIG
from package import LICENSE, fingerprint, tokenizer_config, write_json


def parameters(shape: Architecture) -> int:
    layer = 4 * shape.hidden**2 + 3 * shape.hidden * shape.intermediate + 2 * shape.hidden
    return shape.vocabulary * shape.hidden + shape.layers * layer


def memory(shape: Architecture, graph: str) -> int:
    """Bytes that one input as long as the context needs: see "Memory" in README.md."""
    weights = sum(tensor.nbytes for tensor in initializers(graph).values())
    scores = 2 * shape.heads * shape.context
    return weights + 4 * shape.context * (6 * shape.hidden + 4 * shape.intermediate + scores)


def rounded(quality: dict) -> dict:
    return {
        name: rounded(value) if isinstance(value, dict) else round(value, 4) if isinstance(value, float) else value
        for name, value in quality.items()
    }


def manifest(model_id: str, folder: str, quality: dict) -> dict:
    model = ENCODERS[model_id]
    shape = model.architecture
    paths = [*GRAPHS.values(), TOKENIZER, TOKENIZER_CONFIG]
    return {
        "format": 1, "id": model.id, "name": model.name, "description": model.description, "license": LICENSE,
        "architecture": {
            "kind": "encoder", "layers": shape.layers, "heads": shape.heads, "headDim": shape.head_dim,
            "hidden": shape.hidden, "intermediate": shape.intermediate, "vocab": shape.vocabulary,
            "parameters": parameters(shape),
            "pooling": "mean", "normalise": True, "leastDimensions": min(model.recipe.dimensions),
        },
        "context": shape.context, "bosTokenId": END_OF_TEXT_ID, "eosTokenIds": [],
        "quality": {"heldOutRecall": rounded(quality)},
        "variants": {
            variant: {"dtype": variant, "graph": graph, "memoryBytes": memory(shape, os.path.join(folder, graph))}
            for variant, graph in GRAPHS.items()
        },
        "files": [{"path": path, **fingerprint(os.path.join(folder, path))} for path in paths],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Completes an encoder's folder, which must be named after it.")
    parser.add_argument("--model", required=True, choices=ENCODERS)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--folder", required=True)
    options = parser.parse_args()
    shutil.copyfile(options.tokenizer, os.path.join(options.folder, TOKENIZER))
    settings = {**tokenizer_config(), "model_max_length": ENCODERS[options.model].architecture.context}
    del settings["chat_template"]
    write_json(os.path.join(options.folder, TOKENIZER_CONFIG), settings)
    quality = measure(options.folder, options.corpus)
    write_json(os.path.join(options.folder, MANIFEST), manifest(options.model, options.folder, quality))


if __name__ == "__main__":
    main()
