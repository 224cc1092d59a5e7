"""Passages of the plays: what the encoder learns from, and what it is measured on."""

import torch

from config import END_OF_TEXT_ID
from tokenizer import Tokenizer


def cut_passages(text: str, tokenizer: Tokenizer, tokens: int) -> list[list[int]]:
    """The text's lines in order, gathered into passages of at least `tokens` tokens, each behind `<|endoftext|>`."""
    passages, current = [], []
    for line in text.splitlines(keepends=True):
        current += tokenizer.encode(line)
        if len(current) >= tokens:
            passages.append([END_OF_TEXT_ID, *current])
            current = []
    return passages


class Neighbours:
    """Draws pairs of stretches that follow one another in the text.

    All pairs of one draw come from one region of it, so that the others of a batch, which serve as negatives, speak of
    similar things; the region's width varies from draw to draw.
    """

    def __init__(self, ids: list[int], seed: int):
        self.ids = ids
        self.random = torch.Generator().manual_seed(seed)

    def draw(self, pairs: int, shortest: int, longest: int, drop: float) -> tuple[list[list[int]], list[list[int]]]:
        """`pairs` stretches of `shortest` to `longest` tokens and their successors, a share `drop` of tokens left out."""
        span = 2 * longest
        narrowest = pairs * span / len(self.ids)
        share = narrowest ** self._uniform()
        width = int(share * len(self.ids))
        region = int(self._uniform() * (len(self.ids) - width))
        step = width / pairs
        firsts, seconds = [], []
        for pair in range(pairs):
            cut = region + int(pair * step) + longest
            before, after = (shortest + int(self._uniform() * (longest - shortest + 1)) for _ in range(2))
            gap = int(self._uniform() * (longest - shortest)) if self._uniform() < 0.5 else 0
            firsts.append(self._thin(self.ids[max(0, cut - before) : cut], drop))
            seconds.append(self._thin(self.ids[cut + gap : cut + gap + after], drop))
        return firsts, seconds

    def _uniform(self) -> float:
        return torch.rand(1, generator=self.random).item()

    def _thin(self, ids: list[int], drop: float) -> list[int]:
        kept = torch.rand(len(ids), generator=self.random) >= drop
        return [END_OF_TEXT_ID, *(index for index, keep in zip(ids, kept.tolist()) if keep)]
