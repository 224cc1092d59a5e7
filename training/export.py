"""Writes a checkpoint as an ONNX decoder with the inputs and outputs that onnx-community's exports have.

    python3 export.py --checkpoint checkpoint.pt --out FOLDER     writes model.onnx and model_q4.onnx
"""

import argparse
import os

import numpy as np
import onnx
import torch

from config import MODELS, Architecture, Model
from files import BITS, GRAPHS
from graph import FLOAT, INT32, INT64, Graph
from model import rotary_tables
from quantize import BLOCK, quantize

BATCH, SEQUENCE = "batch_size", "sequence_length"
Weights = dict[str, np.ndarray]


class Exporter:
    """Builds the graph of one variant. `bits` is 32 or 4."""

    def __init__(self, architecture: Architecture, weights: Weights, bits: int):
        self.shape, self.weights, self.bits = architecture, weights, bits
        self.graph = Graph()

    def build(self, name: str) -> onnx.ModelProto:
        graph, shape = self.graph, self.shape
        ids = graph.input("input_ids", INT64, [BATCH, SEQUENCE])
        mask = graph.input("attention_mask", INT64, [BATCH, "total_sequence_length"])
        positions = graph.input("position_ids", INT64, [BATCH, SEQUENCE])
        graph.output("logits", FLOAT, [BATCH, SEQUENCE, shape.vocabulary])
        lengths, total = self._lengths(mask)
        self._rotary_tables(positions)

        residual = self._embedding(ids)
        normed = self._first_norm(residual)
        for layer in range(shape.layers):
            block = f"blocks.{layer}"
            attended = self._attention(layer, normed, lengths, total)
            normed, residual = self._skip_norm(f"{block}.feed_forward_norm", residual, attended)
            fed = self._feed_forward(f"{block}.feed_forward", normed)
            following = f"blocks.{layer + 1}.attention_norm" if layer + 1 < shape.layers else "norm"
            normed, residual = self._skip_norm(following, residual, fed)
        self._head(normed)
        return graph.model(name)

    def _rotary_tables(self, positions: str) -> None:
        cos, sin = (table.numpy() for table in rotary_tables(self.shape))
        self.rotary = [positions, self.graph.constant("rotary.cos", cos), self.graph.constant("rotary.sin", sin)]

    def _first_norm(self, residual: str) -> str:
        name = "blocks.0.attention_norm"
        gamma = self.graph.constant(f"{name}.weight", self.weights[f"{name}.weight"])
        return self.graph.node("SimplifiedLayerNormalization", name, [residual, gamma],
                               axis=-1, epsilon=self.shape.norm_epsilon, stash_type=1)

    def _lengths(self, mask: str) -> tuple[str, str]:
        """GroupQueryAttention's two lengths: each row's last position, and the longest row's length, both int32."""
        graph = self.graph
        one = graph.constant("one", np.array(1, dtype=np.int64))
        axis = graph.constant("axis", np.array([1], dtype=np.int64))
        ones = graph.node("ReduceSum", "lengths.ones", [mask, axis], keepdims=0)
        last = graph.node("Sub", "lengths.last", [ones, one])
        total = graph.node("Gather", "lengths.width", [graph.node("Shape", "lengths.shape", [mask]), one], axis=0)
        return (graph.node("Cast", "lengths.seqlens_k", [last], to=INT32),
                graph.node("Cast", "lengths.total_sequence_length", [total], to=INT32))

    def _embedding(self, ids: str) -> str:
        """The rows of the embedding. The matrix is stored once; `_head` reads the same initializers."""
        graph, weight = self.graph, self.weights["embedding.weight"]
        if self.bits == 32:
            return graph.node("Gather", "embedding", [graph.constant("embedding.weight", weight), ids], axis=0)
        codes, scales = quantize(weight)
        self.head = [graph.constant("embedding.codes", codes), graph.constant("embedding.scales", scales)]
        flat = graph.constant("embedding.flat", np.array([weight.shape[0], weight.shape[1] // 2], dtype=np.int64))
        rows = graph.node("Reshape", "embedding.rows", [self.head[0], flat])
        return graph.microsoft("GatherBlockQuantized", "embedding", [rows, ids, self.head[1]],
                               bits=4, block_size=BLOCK, gather_axis=0, quantize_axis=1)

    def _head(self, normed: str) -> None:
        graph, shape = self.graph, self.shape
        if self.bits == 32:
            matrix = graph.node("Transpose", "head.weight", ["embedding.weight"], perm=[1, 0])
            graph.node("MatMul", "head", [normed, matrix], ["logits"])
        else:
            graph.microsoft("MatMulNBits", "head", [normed, *self.head], ["logits"],
                            K=shape.hidden, N=shape.vocabulary, bits=4, block_size=BLOCK)

    def _linear(self, name: str, x: str) -> str:
        weight = self.weights[f"{name}.weight"]
        outputs, inputs = weight.shape
        if self.bits == 32:
            return self.graph.node("MatMul", name, [x, self.graph.constant(f"{name}.weight", weight.T)])
        codes, scales = quantize(weight)
        stored = [self.graph.constant(f"{name}.codes", codes), self.graph.constant(f"{name}.scales", scales)]
        return self.graph.microsoft("MatMulNBits", name, [x, *stored], K=inputs, N=outputs, bits=4, block_size=BLOCK)

    def _skip_norm(self, name: str, residual: str, addend: str) -> tuple[str, str]:
        """The normalised sum, and the sum itself. The last norm has no use for the sum, so none is written."""
        gamma = self.graph.constant(f"{name}.weight", self.weights[f"{name}.weight"])
        outputs = [name] if name == "norm" else [name, "", "", f"{name}.sum"]
        self.graph.microsoft("SkipSimplifiedLayerNormalization", name, [residual, addend, gamma], outputs,
                             epsilon=self.shape.norm_epsilon)
        return name, outputs[-1]

    def _attention(self, layer: int, x: str, lengths: str, total: str) -> str:
        graph, shape, name = self.graph, self.shape, f"blocks.{layer}.attention"
        q, k = self._rotated(name, x)
        past, present = [], []
        for kind in ("key", "value"):
            sizes = [shape.kv_heads, "past_sequence_length", shape.head_dim]
            past.append(graph.input(f"past_key_values.{layer}.{kind}", FLOAT, [BATCH, *sizes]))
            sizes[1] = "present_sequence_length"
            present.append(graph.output(f"present.{layer}.{kind}", FLOAT, [BATCH, *sizes]))
        graph.microsoft("GroupQueryAttention", name, [q, k, self._linear(f"{name}.v", x), *past, lengths, total],
                        [name, *present], num_heads=shape.heads, kv_num_heads=shape.kv_heads,
                        scale=shape.head_dim**-0.5, do_rotary=0, rotary_interleaved=0, local_window_size=-1)
        return self._linear(f"{name}.o", name)

    def _rotated(self, name: str, x: str) -> list[str]:
        """Queries and keys, turned by their positions."""
        turn = {"interleaved": 0, "num_heads": 0, "rotary_embedding_dim": 0}
        return [self.graph.microsoft("RotaryEmbedding", f"{name}.{part}_rotary",
                                     [self._linear(f"{name}.{part}", x), *self.rotary], **turn) for part in "qk"]

    def _feed_forward(self, name: str, x: str) -> str:
        graph = self.graph
        gate = self._linear(f"{name}.gate", x)
        silu = graph.node("Mul", f"{name}.silu", [gate, graph.node("Sigmoid", f"{name}.sigmoid", [gate])])
        return self._linear(f"{name}.down", graph.node("Mul", f"{name}.product", [silu, self._linear(f"{name}.up", x)]))


def load_weights(checkpoint: str) -> tuple[str, Weights]:
    """The model id in a checkpoint, and its weights."""
    saved = torch.load(checkpoint, map_location="cpu")
    return saved["id"], {name: weight.numpy() for name, weight in saved["model"].items()}


def write_graphs(models: dict[str, Model], exporter: type[Exporter]) -> None:
    parser = argparse.ArgumentParser(description="Writes model.onnx and model_q4.onnx.")
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    model_id, weights = load_weights(options.checkpoint)
    os.makedirs(options.out, exist_ok=True)
    for variant, file in GRAPHS.items():
        path = os.path.join(options.out, file)
        onnx.save(exporter(models[model_id].architecture, weights, BITS[variant]).build(model_id), path)
        print(f"{path}: {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    write_graphs(MODELS, Exporter)
