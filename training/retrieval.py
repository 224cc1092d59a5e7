"""The measure of an encoder: how often a held-out passage finds the passage that follows it."""

import math
from collections import Counter

import torch
from torch import Tensor

from encoder import Encoder, embed
from passages import cut_passages
from tokenizer import Tokenizer

PASSAGE = 64  # tokens, at least
RANKS = (1, 10)


def recall(vectors: Tensor) -> dict[str, float]:
    """Of the passages but the last, the share whose successor is among the 1 and the 10 most similar of all others."""
    similarity = vectors @ vectors.T
    similarity.fill_diagonal_(-math.inf)
    successor = similarity.diagonal(1)
    ranks = (similarity[:-1] > successor[:, None]).sum(1)
    return {f"recallAt{rank}": (ranks < rank).float().mean().item() for rank in RANKS}


@torch.no_grad()
def encode(model: Encoder, passages: list[list[int]], dimensions: int | None = None) -> Tensor:
    was_training = model.training
    model.eval()
    context = model.architecture.context
    rows = [passage[:context] for passage in passages]
    vectors = torch.cat([embed(model, rows[at : at + 32], dimensions=dimensions) for at in range(0, len(rows), 32)])
    model.train(was_training)
    return vectors


def bag_of_tokens(passages: list[list[int]], background: list[list[int]] | None) -> Tensor:
    """Counts of tokens, made length 1. With `background` they are weighted: (1 + log count) x log inverse frequency there."""
    vocabulary = 1 + max(max(map(max, passages)), max(map(max, background or passages)))
    weights = torch.ones(vocabulary)
    if background is not None:
        seen = Counter(index for passage in background for index in set(passage))
        weights = torch.tensor([math.log((1 + len(background)) / (1 + seen[index])) for index in range(vocabulary)])
    bags = torch.zeros(len(passages), vocabulary)
    for row, passage in enumerate(passages):
        for index, count in Counter(passage).items():
            bags[row, index] = (1 + math.log(count) if background is not None else count) * weights[index]
    return torch.nn.functional.normalize(bags, dim=-1)


def held_out_passages(text: str, tokenizer: Tokenizer) -> list[list[int]]:
    return cut_passages(text, tokenizer, PASSAGE)
