"""Reads the weights back out of an exported graph, so that what is measured is what is shipped."""

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from config import MODELS
from model import Decoder
from quantize import dequantize


def initializers(path: str) -> dict[str, np.ndarray]:
    """Every tensor stored in the graph at `path`, by name."""
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}


def decoder(model_id: str, path: str) -> Decoder:
    """The PyTorch decoder that computes with the weights of the graph at `path`, four-bit ones multiplied out."""
    stored, model = initializers(path), Decoder(MODELS[model_id].architecture)
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
