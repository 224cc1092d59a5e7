"""The encoder in PyTorch: the decoder's blocks without the causal mask, and how its states become one vector."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from config import Architecture
from model import Block, rotary_tables


class Encoder(nn.Module):
    """Maps ids and mask [batch, sequence] to the last hidden states [batch, sequence, hidden].

    Each token sees every token whose mask is 1. Rows are padded on the right. There is no norm at the end: the length of
    a token's state is its weight in the mean, and a common word's is short.
    """

    def __init__(self, architecture: Architecture, dropout: float = 0.0):
        super().__init__()
        self.architecture = architecture
        self.embedding = nn.Embedding(architecture.vocabulary, architecture.hidden)
        self.blocks = nn.ModuleList(Block(architecture, dropout) for _ in range(architecture.layers))
        self.dropout = dropout
        cos, sin = rotary_tables(architecture)
        self.register_buffer("cos", cos[:, None, :], persistent=False)
        self.register_buffer("sin", sin[:, None, :], persistent=False)
        self._initialise()

    def _initialise(self) -> None:
        nn.init.normal_(self.embedding.weight, std=self.architecture.hidden**-0.5)
        for name, weight in self.blocks.named_parameters():
            if name.endswith(("attention.o.weight", "down.weight")):
                nn.init.zeros_(weight)
            elif weight.dim() == 2:
                nn.init.normal_(weight, std=weight.shape[1] ** -0.5 / 2)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        cos, sin = self.cos[: ids.shape[1]], self.sin[: ids.shape[1]]
        unseen = torch.zeros(mask.shape).masked_fill(mask == 0, float("-inf"))[:, None, None, None, :]
        x = functional.dropout(self.embedding(ids), self.dropout, self.training)
        for block in self.blocks:
            x = block(x, cos, sin, unseen)
        return x


def pad(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Ids and mask, each [rows, longest row]."""
    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    return ids, mask


def pool(states: Tensor, mask: Tensor, pooling: str) -> Tensor:
    """One vector for each row: the mean of its real tokens' states (`mean`), or its first token's (`cls`)."""
    if pooling == "cls":
        return states[:, 0]
    weights = mask.to(states.dtype)[..., None]
    return (states * weights).sum(1) / weights.sum(1)


def embed(model: Encoder, rows: list[list[int]], pooling: str = "mean", dimensions: int | None = None) -> Tensor:
    """Vectors [rows, dimensions] of length 1: pooled, cut to their first `dimensions` numbers, then normalised."""
    ids, mask = pad(rows)
    return functional.normalize(pool(model(ids, mask), mask, pooling)[:, :dimensions], dim=-1)
