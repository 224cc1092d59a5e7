"""The measure of quality: held-out loss in bits per byte of the text, whatever the tokenizer."""

import math

import torch
from torch.nn import functional

from config import CONTEXT, END_OF_TEXT_ID
from model import Decoder
from tokenizer import Tokenizer


@torch.no_grad()
def bits_per_byte(model: Decoder, tokenizer: Tokenizer, text: str) -> float:
    """The loss of `model` on `text`, cut into windows of CONTEXT tokens that each begin with `<|endoftext|>`.

    Windows do not overlap, so a token sees half a window on average; every token is predicted once.
    """
    was_training = model.training
    model.eval()
    ids, nats = tokenizer.encode(text), 0.0
    for start in range(0, len(ids), CONTEXT):
        window = torch.tensor([END_OF_TEXT_ID, *ids[start : start + CONTEXT]])
        nats += functional.cross_entropy(model(window[None, :-1])[0], window[1:], reduction="sum").item()
    model.train(was_training)
    return nats / math.log(2) / len(text.encode("utf-8"))
