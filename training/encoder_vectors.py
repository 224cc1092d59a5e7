"""Writes the vectors that the TypeScript tests compare with.

    python3 encoder_vectors.py --models public/models --out test/vectors
"""

import argparse
import json
import os

import torch

import exported
from config import END_OF_TEXT_ID, ENCODERS
from encoder import embed
from files import GRAPHS, TOKENIZER
from tokenizer import load

TEXTS = [
    "Good morrow, sir.",
    "O",
    "KATHARINA:\nThey call me Katharina that do talk of me.\n\n",
    "But, soft! what light through yonder window breaks?\nIt is the east, and Juliet is the sun.\n" * 4,
    "naïve café, 日本語",
]
SHORT = 64  # numbers of the vectors that are cut


def numbers(vector: torch.Tensor) -> list[float]:
    return [float(f"{value:.6g}") for value in vector.tolist()]


@torch.no_grad()
def vectors(model_id: str, folder: str) -> dict:
    """Each text's vector alone, in PyTorch: pooled by the mean, by the first token, and cut short."""
    tokenizer = load(os.path.join(folder, TOKENIZER))
    inputs = [{"text": text, "ids": [END_OF_TEXT_ID, *tokenizer.encode(text)]} for text in TEXTS]
    found = {}
    for variant, graph in GRAPHS.items():
        model = exported.encoder(model_id, os.path.join(folder, graph))
        found[variant] = [numbers(embed(model, [item["ids"]])[0]) for item in inputs]
    model = exported.encoder(model_id, os.path.join(folder, GRAPHS["fp32"]))
    return {
        "about": "Vectors of length 1, from PyTorch with the graph's weights. Tolerance 1e-4.",
        "model": model_id, "inputs": inputs, "mean": found,
        "cls": [numbers(embed(model, [item["ids"]], "cls")[0]) for item in inputs[:2]],
        "cut": {"dimensions": SHORT, "mean": [numbers(embed(model, [item["ids"]], dimensions=SHORT)[0]) for item in inputs[:2]]},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes the golden vectors.")
    parser.add_argument("--models", required=True)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    for model_id in ENCODERS:
        with open(os.path.join(options.out, f"embeddings-{model_id}.json"), "w", encoding="utf-8") as file:
            json.dump(vectors(model_id, os.path.join(options.models, model_id)), file, ensure_ascii=True)
            file.write("\n")


if __name__ == "__main__":
    main()
