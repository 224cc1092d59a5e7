"""The decoder in PyTorch: the reference that the exported graphs must agree with."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from config import Architecture


def rotary_tables(architecture: Architecture) -> tuple[Tensor, Tensor]:
    """Cosines and sines, each [context, head_dim / 2], for the half-rotating (not interleaved) form."""
    half = architecture.head_dim // 2
    frequencies = architecture.rope_theta ** -(torch.arange(half, dtype=torch.float64) / half)
    angles = torch.arange(architecture.context, dtype=torch.float64)[:, None] * frequencies
    return angles.cos().float(), angles.sin().float()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turns each pair (i, i + half) of the last axis of `x` [..., sequence, heads, head_dim]."""
    low, high = x.chunk(2, dim=-1)
    return torch.cat((low * cos - high * sin, high * cos + low * sin), dim=-1)


class RMSNorm(nn.Module):
    def __init__(self, architecture: Architecture):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(architecture.hidden))
        self.epsilon = architecture.norm_epsilon

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.epsilon) * self.weight


class Attention(nn.Module):
    """Causal attention in which each key/value head serves a group of query heads."""

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = architecture.heads, architecture.kv_heads, architecture.head_dim
        self.q = nn.Linear(architecture.hidden, self.heads * self.head_dim, bias=False)
        self.k = nn.Linear(architecture.hidden, self.kv_heads * self.head_dim, bias=False)
        self.v = nn.Linear(architecture.hidden, self.kv_heads * self.head_dim, bias=False)
        self.o = nn.Linear(self.heads * self.head_dim, architecture.hidden, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        batch, sequence, _ = x.shape
        group = self.heads // self.kv_heads
        q = rotate(self.q(x).view(batch, sequence, self.heads, self.head_dim), cos, sin)
        k = rotate(self.k(x).view(batch, sequence, self.kv_heads, self.head_dim), cos, sin).transpose(1, 2)
        v = self.v(x).view(batch, sequence, self.kv_heads, self.head_dim).transpose(1, 2)
        # The group's queries are laid one after another, so that each key head is multiplied once.
        q = q.transpose(1, 2).reshape(batch, self.kv_heads, group * sequence, self.head_dim)
        scores = (q * self.head_dim**-0.5) @ k.transpose(2, 3)
        scores = scores.view(batch, self.kv_heads, group, sequence, sequence) + mask
        mixed = scores.softmax(-1).view(batch, self.kv_heads, group * sequence, sequence) @ v
        mixed = mixed.view(batch, self.heads, sequence, self.head_dim).transpose(1, 2)
        return self.o(mixed.reshape(batch, sequence, -1))


class FeedForward(nn.Module):
    """SwiGLU."""

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.gate = nn.Linear(architecture.hidden, architecture.intermediate, bias=False)
        self.up = nn.Linear(architecture.hidden, architecture.intermediate, bias=False)
        self.down = nn.Linear(architecture.intermediate, architecture.hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(functional.silu(self.gate(x)) * self.up(x))


class Block(nn.Module):
    def __init__(self, architecture: Architecture, dropout: float):
        super().__init__()
        self.attention_norm = RMSNorm(architecture)
        self.attention = Attention(architecture)
        self.feed_forward_norm = RMSNorm(architecture)
        self.feed_forward = FeedForward(architecture)
        self.dropout = dropout

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        x = x + self._drop(self.attention(self.attention_norm(x), cos, sin, mask))
        return x + self._drop(self.feed_forward(self.feed_forward_norm(x)))

    def _drop(self, x: Tensor) -> Tensor:
        return functional.dropout(x, self.dropout, self.training)


class Decoder(nn.Module):
    """Maps ids [batch, sequence] to logits [batch, sequence, vocabulary]. The embedding is also the output matrix."""

    def __init__(self, architecture: Architecture, dropout: float = 0.0):
        super().__init__()
        self.architecture = architecture
        self.embedding = nn.Embedding(architecture.vocabulary, architecture.hidden)
        self.blocks = nn.ModuleList(Block(architecture, dropout) for _ in range(architecture.layers))
        self.norm = RMSNorm(architecture)
        self.dropout = dropout
        cos, sin = rotary_tables(architecture)
        self.register_buffer("cos", cos[:, None, :], persistent=False)
        self.register_buffer("sin", sin[:, None, :], persistent=False)
        self._initialise()

    def _initialise(self) -> None:
        nn.init.normal_(self.embedding.weight, std=0.02)
        for name, weight in self.blocks.named_parameters():
            if name.endswith(("attention.o.weight", "down.weight")):
                nn.init.zeros_(weight)
            elif weight.dim() == 2:
                nn.init.normal_(weight, std=weight.shape[1] ** -0.5 / 2)

    def forward(self, ids: Tensor) -> Tensor:
        sequence = ids.shape[1]
        cos, sin = self.cos[:sequence], self.sin[:sequence]
        mask = torch.full((sequence, sequence), float("-inf")).triu(1)
        x = functional.dropout(self.embedding(ids), self.dropout, self.training)
        for block in self.blocks:
            x = block(x, cos, sin, mask)
        return functional.linear(self.norm(x), self.embedding.weight)
