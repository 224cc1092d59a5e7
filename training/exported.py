"""Reads the weights back out of an exported graph, so that what is measured is what is shipped."""

from typing import TypeVar

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from config import ENCODERS, MODELS
from encoder import Encoder
from model import Decoder
from quantize import dequantize

Network = TypeVar("Network", bound=torch.nn.Module)


def initializers(path: str) -> dict[str, np.ndarray]:
    """Every tensor stored in the graph at `path`, by name."""
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}


def restore(model: Network, path: str) -> Network:
    """`model` with the weights of the graph at `path`, four-bit ones multiplied out."""
    stored = initializers(path)
    state = {}
    for name, wanted in model.state_dict().items():
        stem = name.removesuffix(".weight")
        if f"{stem}.codes" in stored:
            weight = dequantize(stored[f"{stem}.codes"], stored[f"{stem}.scales"])
        else:
            weight = stored[name]
            # Matrices are stored [inputs, outputs], as MatMul wants them; the embedding is not turned.
            weight = weight.T if weight.ndim == 2 and stem != "embedding" else weight
        state[name] = torch.from_numpy(weight.copy()).view_as(wanted)
    model.load_state_dict(state)
    return model.eval()


def decoder(model_id: str, path: str) -> Decoder:
    """The PyTorch decoder that computes with the weights of the graph at `path`."""
    return restore(Decoder(MODELS[model_id].architecture), path)


def encoder(model_id: str, path: str) -> Encoder:
    """The PyTorch encoder that computes with the weights of the graph at `path`."""
    return restore(Encoder(ENCODERS[model_id].architecture), path)
