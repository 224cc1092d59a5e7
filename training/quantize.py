"""Four-bit weights: symmetric, in blocks of 32 along the input axis, as `MatMulNBits` reads them."""

import numpy as np

BLOCK = 32
_ZERO = 8  # the code that means 0.0 where no zero points are stored
_SHRINKS = np.linspace(1.0, 0.7, 31, dtype=np.float32)


def _codes(blocks: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """The nearest codes 0..15 of `blocks` [rows, blocks, BLOCK] under `scales` [rows, blocks]."""
    inverse = np.divide(1, scales, out=np.zeros_like(scales), where=scales != 0)
    return np.clip(np.rint(blocks * inverse[..., None]) + _ZERO, 0, 15)


def quantize(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes [rows, blocks, BLOCK / 2] uint8 (even element in the low half) and scales [rows, blocks] f32.

    `weight` is [rows = outputs, inputs]. Each block takes the scale of least squared error among some that map
    its largest value to code 0 (the range is -8..7, so the sign of the scale follows that value) or within.
    """
    rows, inputs = weight.shape
    blocks = weight.astype(np.float32).reshape(rows, inputs // BLOCK, BLOCK)
    largest = np.take_along_axis(blocks, np.abs(blocks).argmax(-1)[..., None], -1)[..., 0]
    full = largest / -_ZERO
    scales, least = full.copy(), np.full(full.shape, np.inf, dtype=np.float32)
    for shrink in _SHRINKS:
        candidate = full * shrink
        error = np.square((_codes(blocks, candidate) - _ZERO) * candidate[..., None] - blocks).sum(-1)
        better = error < least
        scales[better], least[better] = candidate[better], error[better]
    codes = _codes(blocks, scales).astype(np.uint8)
    return codes[..., 0::2] | codes[..., 1::2] << 4, scales


def dequantize(packed: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """The weight [rows, inputs] that a runtime computes from `quantize`'s result."""
    codes = np.stack((packed & 15, packed >> 4), axis=-1).reshape(*packed.shape[:-1], BLOCK)
    blocks = (codes.astype(np.float32) - _ZERO) * scales[..., None]
    return blocks.reshape(packed.shape[0], -1)
