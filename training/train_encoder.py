"""Trains one encoder: passages that follow one another get similar vectors, others of the batch do not.

    python3 train_encoder.py --model shakespeare-embed --corpus FILE --tokenizer tokenizer.json --out checkpoint.pt
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from company import company_vectors
from config import ENCODERS, EncoderRecipe
from corpus import split
from encoder import Encoder, pad, pool
from passages import Neighbours
from retrieval import encode, held_out_passages, recall
from tokenizer import load
from train import optimizers, rate

_FIRST_LENGTH = 10.0  # of a rare word's vector at the start, so that the first steps turn it and do not replace it


def contrast(vectors: Tensor, recipe: EncoderRecipe) -> Tensor:
    """The loss of a batch: rows `i` and `pairs + i` belong together. Its mean over all lengths that vectors may be cut to."""
    target = torch.arange(recipe.pairs)
    loss = torch.zeros(())
    for size in recipe.dimensions:
        first, second = functional.normalize(vectors[:, :size], dim=-1).split(recipe.pairs)
        scores = first @ second.T / recipe.temperature
        loss = loss + functional.cross_entropy(scores, target) + functional.cross_entropy(scores.T, target)
    return loss / (2 * len(recipe.dimensions))


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains one encoder.")
    parser.add_argument("--model", required=True, choices=ENCODERS)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--steps", type=int, help="fewer steps than the recipe's, for a quick try")
    options = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))

    chosen = ENCODERS[options.model]
    recipe = chosen.recipe if options.steps is None else replace(chosen.recipe, steps=options.steps)
    torch.manual_seed(recipe.seed)
    tokenizer = load(options.tokenizer)
    training_text, held_out = split(options.corpus)
    ids, passages = tokenizer.encode(training_text), held_out_passages(held_out, tokenizer)
    neighbours = Neighbours(ids, recipe.seed)
    model = Encoder(chosen.architecture, recipe.dropout)
    untrained = recall(encode(model, passages))
    began = time.time()
    with torch.no_grad():
        shape = chosen.architecture
        counted = company_vectors(torch.tensor(ids), shape.vocabulary, shape.hidden, recipe.window)
        model.embedding.weight.copy_(counted * _FIRST_LENGTH)
    print(f"{chosen.id}: {sum(w.numel() for w in model.parameters())} parameters, {recipe}")
    print(f"untrained {untrained}, counted {recall(encode(model, passages))}", flush=True)

    def step(vectors_of: Callable[[Tensor, Tensor], Tensor], parts: list[torch.optim.Optimizer]) -> float:
        firsts, seconds = neighbours.draw(recipe.pairs, recipe.shortest, recipe.longest, recipe.drop)
        rows, mask = pad([*firsts, *seconds])
        loss = contrast(pool(vectors_of(rows, mask), mask, "mean"), recipe)
        model.zero_grad(set_to_none=True)
        loss.backward()
        for part in parts:
            part.step()
        return loss.item()

    def tell(name: str, done: int, loss: float) -> None:
        reached = {size: recall(encode(model, passages, size)) for size in recipe.dimensions}
        print(f"{name} {done}: loss {loss:.4f}, held out {reached}, {time.time() - began:.0f} s", flush=True)

    def words(rows: Tensor, _mask: Tensor) -> Tensor:
        return functional.dropout(model.embedding(rows), recipe.dropout)

    alone = torch.optim.AdamW([model.embedding.weight], lr=recipe.word_rate, betas=(0.9, 0.98))
    for at in range(recipe.word_steps):
        alone.param_groups[0]["lr"] = recipe.word_rate * rate(at, replace(recipe, steps=recipe.word_steps))
        loss = step(words, [alone])
    tell("words", recipe.word_steps, loss)

    parts = optimizers(model, recipe)
    full_rates = [part.param_groups[0]["lr"] for part in parts]
    for at in range(recipe.steps):
        for part, full in zip(parts, full_rates):
            part.param_groups[0]["lr"] = full * rate(at, recipe)
        loss = step(model, parts)
        if (at + 1) % recipe.evaluate_every == 0:
            tell("step", at + 1, loss)
    summary = {"seed": recipe.seed, "step": recipe.steps, "seconds": time.time() - began, "untrained": untrained}
    torch.save({"model": model.state_dict(), "id": chosen.id, **summary}, options.out)


if __name__ == "__main__":
    main()
