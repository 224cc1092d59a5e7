"""Where the encoder's embedding begins: words that keep the same company get similar vectors, by counting alone."""

import torch
from torch import Tensor
from torch.nn import functional

_SMOOTHING = 0.75  # lifts the share of rare words among the company, as word2vec does
_COMMON = 3e-4  # a word as frequent as this gets half the length of a rare one
_ROUNDS = 4


def company_vectors(ids: Tensor, vocabulary: int, size: int, window: int) -> Tensor:
    """Vectors [vocabulary, size] whose directions are the leading ones of the words' pointwise mutual information.

    A pair counts more the nearer it stands, up to `window` tokens. Lengths are at most 1, and shorter for common words.
    """
    pairs = torch.zeros(vocabulary * vocabulary)
    for distance in range(1, window + 1):
        keys = ids[:-distance] * vocabulary + ids[distance:]
        pairs += torch.bincount(keys, minlength=vocabulary**2) * (1 - (distance - 1) / window)
    pairs = pairs.view(vocabulary, vocabulary)
    pairs = pairs + pairs.T
    company = pairs.sum(0) ** _SMOOTHING
    expected = pairs.sum(1)[:, None] * (company / company.sum())[None, :]
    information = (pairs / expected.clamp(min=1e-9)).clamp(min=1).log()
    directions, _, _ = torch.svd_lowrank(information, q=size + 32, niter=_ROUNDS)
    frequency = torch.bincount(ids, minlength=vocabulary) / len(ids)
    return functional.normalize(directions[:, :size], dim=1) * (_COMMON / (_COMMON + frequency))[:, None]
