"""Measures the held-out loss of a model's exported graphs, and that four bits cost little.

    python3 evaluate.py --folder public/models/shakespeare-1m --corpus FILE [--checkpoint checkpoint.pt]

With a checkpoint, also asserts that the fp32 graph holds exactly its weights.
"""

import argparse
import os

import torch

import exported
from corpus import split
from export import load_weights
from files import GRAPHS, TOKENIZER
from loss import bits_per_byte
from tokenizer import load

WORST_INCREASE = 0.03


def measure(folder: str, corpus: str) -> dict[str, float]:
    """Held-out bits per byte of each variant in a model's folder, which is named after the model."""
    model_id = os.path.basename(os.path.normpath(folder))
    tokenizer, (_, held_out) = load(os.path.join(folder, TOKENIZER)), split(corpus)
    return {
        variant: bits_per_byte(exported.decoder(model_id, os.path.join(folder, graph)), tokenizer, held_out)
        for variant, graph in GRAPHS.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures the exported graphs.")
    parser.add_argument("--folder", required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--checkpoint")
    options = parser.parse_args()
    quality = measure(options.folder, options.corpus)
    increase = quality["q4"] / quality["fp32"] - 1
    print(f"held-out bits per byte: {quality}; four bits add {increase:.2%}")
    assert increase < WORST_INCREASE, "the four-bit graph loses too much"
    if options.checkpoint:
        model_id, weights = load_weights(options.checkpoint)
        model = exported.decoder(model_id, os.path.join(options.folder, GRAPHS["fp32"]))
        assert all(torch.equal(value, torch.from_numpy(weights[name])) for name, value in model.state_dict().items())


if __name__ == "__main__":
    main()
