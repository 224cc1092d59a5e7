"""Measures an encoder's exported graphs: does a held-out passage find its successor?

    python3 encoder_evaluate.py --folder public/models/shakespeare-embed --corpus FILE [--checkpoint checkpoint.pt]

With a checkpoint, also asserts that the fp32 graph holds exactly its weights.
"""

import argparse
import os

import torch

import exported
from config import ENCODERS
from corpus import split
from encoder import Encoder
from export import load_weights
from files import GRAPHS, TOKENIZER
from passages import cut_passages
from retrieval import PASSAGE, bag_of_tokens, encode, held_out_passages, recall
from tokenizer import load

WORST_LOSS = 0.03  # of recall at 10, by four bits


def measure(folder: str, corpus: str) -> dict:
    """Held-out recall of each variant by the length of its vectors, and of what it has to be compared with."""
    model_id = os.path.basename(os.path.normpath(folder))
    model, tokenizer, (training, held_out) = ENCODERS[model_id], load(os.path.join(folder, TOKENIZER)), split(corpus)
    passages = held_out_passages(held_out, tokenizer)
    torch.manual_seed(model.recipe.seed)
    rivals = {
        "untrained": recall(encode(Encoder(model.architecture), passages)),
        "tokenCounts": recall(bag_of_tokens(passages, None)),
        "tokenCountsByRarity": recall(bag_of_tokens(passages, cut_passages(training, tokenizer, PASSAGE))),
    }
    variants = {}
    for variant, graph in GRAPHS.items():
        encoder = exported.encoder(model_id, os.path.join(folder, graph))
        variants[variant] = {str(size): recall(encode(encoder, passages, size)) for size in model.recipe.dimensions}
    return {"passages": len(passages), **rivals, **variants}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures the exported graphs.")
    parser.add_argument("--folder", required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--checkpoint")
    options = parser.parse_args()
    quality = measure(options.folder, options.corpus)
    for name, value in quality.items():
        print(f"{name}: {value}")
    whole = str(ENCODERS[os.path.basename(os.path.normpath(options.folder))].architecture.hidden)
    lost = quality["fp32"][whole]["recallAt10"] - quality["q4"][whole]["recallAt10"]
    assert lost < WORST_LOSS, "the four-bit graph loses too much"
    if options.checkpoint:
        model_id, weights = load_weights(options.checkpoint)
        model = exported.encoder(model_id, os.path.join(options.folder, GRAPHS["fp32"]))
        assert all(torch.equal(value, torch.from_numpy(weights[name])) for name, value in model.state_dict().items())


if __name__ == "__main__":
    main()
