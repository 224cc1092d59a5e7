"""Trains one model and keeps the checkpoint with the lowest held-out loss.

    python3 train.py --model shakespeare-1m --corpus FILE --tokenizer tokenizer.json --out checkpoint.pt
"""

import argparse
import os
import time

import torch
from torch import Tensor
from torch.nn import functional

from config import CONTEXT, END_OF_TEXT_ID, MODELS, EncoderRecipe, Recipe
from corpus import split
from encoder import Encoder
from loss import bits_per_byte
from model import Decoder
from muon import Muon
from tokenizer import Tokenizer, load


class Windows:
    """Draws training rows: `<|endoftext|>`, then a stretch of the text. Half of them start at a speech."""

    def __init__(self, text: str, tokenizer: Tokenizer, seed: int):
        self.ids = torch.tensor(tokenizer.encode(text))
        newline = tokenizer.encode("\n")[0]
        ends = (self.ids[:-1] == newline) & (self.ids[1:] == newline)
        self.speeches = ends.nonzero().flatten() + 2
        self.random = torch.Generator().manual_seed(seed)

    def draw(self, rows: int, length: int) -> tuple[Tensor, Tensor]:
        """Inputs and targets, each [rows, length]."""
        last = len(self.ids) - length
        anywhere = torch.randint(last + 1, (rows,), generator=self.random)
        speeches = self.speeches[torch.randint(len(self.speeches), (rows,), generator=self.random)].clamp(max=last)
        starts = torch.where(torch.rand(rows, generator=self.random) < 0.5, anywhere, speeches)
        targets = self.ids[starts[:, None] + torch.arange(length)]
        begin = torch.full((rows, 1), END_OF_TEXT_ID)
        return torch.cat((begin, targets[:, :-1]), dim=1), targets


def rate(step: int, recipe: Recipe | EncoderRecipe) -> float:
    """The share of the full learning rate at `step`: a warm-up, then a straight line to zero."""
    return min((step + 1) / recipe.warmup, (recipe.steps - step) / (recipe.steps - recipe.warmup))


def optimizers(model: Decoder | Encoder, recipe: Recipe | EncoderRecipe) -> list[torch.optim.Optimizer]:
    matrices = [weight for weight in model.blocks.parameters() if weight.dim() == 2]
    others = [weight for weight in model.parameters() if all(weight is not matrix for matrix in matrices)]
    return [
        Muon(matrices, lr=recipe.matrix_rate, weight_decay=recipe.weight_decay),
        torch.optim.AdamW(others, lr=recipe.other_rate, betas=(0.9, 0.98), weight_decay=recipe.weight_decay),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains one model.")
    parser.add_argument("--model", required=True, choices=MODELS)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--steps", type=int, help="fewer steps than the recipe's, for a quick try")
    options = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))

    chosen = MODELS[options.model]
    recipe = chosen.recipe if options.steps is None else Recipe(**{**vars(chosen.recipe), "steps": options.steps})
    torch.manual_seed(recipe.seed)
    tokenizer = load(options.tokenizer)
    training_text, held_out = split(options.corpus)
    windows = Windows(training_text, tokenizer, recipe.seed)
    model = Decoder(chosen.architecture, recipe.dropout)
    parts = optimizers(model, recipe)
    full_rates = [part.param_groups[0]["lr"] for part in parts]
    began, best = time.time(), float("inf")
    print(f"{chosen.id}: {sum(w.numel() for w in model.parameters())} parameters, {recipe}", flush=True)

    for step in range(recipe.steps):
        length = CONTEXT if step % recipe.long_every == recipe.long_every - 1 else recipe.short
        inputs, targets = windows.draw(recipe.tokens_per_step // length, length)
        loss = functional.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        model.zero_grad(set_to_none=True)
        loss.backward()
        for part, full in zip(parts, full_rates):
            part.param_groups[0]["lr"] = full * rate(step, recipe)
            part.step()
        done = step + 1
        if done % 25 == 0:
            print(f"step {done}: training loss {loss.item():.4f}, {time.time() - began:.0f} s", flush=True)
        if done % recipe.evaluate_every == 0 or done == recipe.steps:
            reached = bits_per_byte(model, tokenizer, held_out)
            print(f"step {done}: held-out bits per byte {reached:.4f}, {time.time() - began:.0f} s", flush=True)
            if reached < best:
                best = reached
                summary = {"seed": recipe.seed, "step": done, "seconds": time.time() - began, "bits_per_byte": best}
                torch.save({"model": model.state_dict(), "id": chosen.id, **summary}, options.out)


if __name__ == "__main__":
    main()
