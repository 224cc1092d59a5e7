"""Writes an encoder's checkpoint as ONNX with the inputs and outputs that onnx-community's exports of encoders have.

    python3 encoder_export.py --checkpoint checkpoint.pt --out FOLDER     writes model.onnx and model_q4.onnx
"""

import numpy as np
import onnx

from config import ENCODERS
from export import BATCH, SEQUENCE, Exporter, write_graphs
from graph import FLOAT, INT64

_UNSEEN = -1e4  # added to the score of a padding token: its weight is 0 then, in fp16 as well


class EncoderExporter(Exporter):
    """`input_ids`, `attention_mask` -> `last_hidden_state`. Attention is written in standard operators."""

    def build(self, name: str) -> onnx.ModelProto:
        graph, shape = self.graph, self.shape
        ids = graph.input("input_ids", INT64, [BATCH, SEQUENCE])
        mask = graph.input("attention_mask", INT64, [BATCH, SEQUENCE])
        output = graph.output("last_hidden_state", FLOAT, [BATCH, SEQUENCE, shape.hidden])
        # One position is where the row begins; each token's follows from its place.
        self._rotary_tables(graph.constant("rotary.first", np.array([0], dtype=np.int64)))
        self.split = graph.constant("attention.split", np.array([0, 0, shape.heads, shape.head_dim], dtype=np.int64))
        self.join = graph.constant("attention.join", np.array([0, 0, shape.hidden], dtype=np.int64))
        self.scale = graph.constant("attention.scale", np.array(shape.head_dim**-0.5, dtype=np.float32))
        unseen = self._unseen(mask)

        residual = self._embedding(ids)
        normed = self._first_norm(residual)
        for layer in range(shape.layers):
            block = f"blocks.{layer}"
            attended = self._bidirectional(f"{block}.attention", normed, unseen)
            normed, residual = self._skip_norm(f"{block}.feed_forward_norm", residual, attended)
            fed = self._feed_forward(f"{block}.feed_forward", normed)
            if layer + 1 < shape.layers:
                normed, residual = self._skip_norm(f"blocks.{layer + 1}.attention_norm", residual, fed)
            else:
                graph.node("Add", output, [residual, fed])
        return graph.model(name)

    def _unseen(self, mask: str) -> str:
        """[batch, 1, 1, sequence]: 0 for real tokens, far below 0 for padding."""
        graph = self.graph
        real = graph.node("Cast", "mask.real", [mask], to=FLOAT)
        one = graph.constant("mask.one", np.array(1, dtype=np.float32))
        padding = graph.node("Sub", "mask.padding", [one, real])
        below = graph.node("Mul", "mask.below", [padding, graph.constant("mask.unseen", np.array(_UNSEEN, dtype=np.float32))])
        return graph.node("Unsqueeze", "mask", [below, graph.constant("mask.axes", np.array([1, 2], dtype=np.int64))])

    def _bidirectional(self, name: str, x: str, unseen: str) -> str:
        graph = self.graph
        q, k = self._rotated(name, x)
        heads = {}
        for part, value, order in (("q", q, [0, 2, 1, 3]), ("k", k, [0, 2, 3, 1]), ("v", self._linear(f"{name}.v", x), [0, 2, 1, 3])):
            parted = graph.node("Reshape", f"{name}.{part}_split", [value, self.split])
            heads[part] = graph.node("Transpose", f"{name}.{part}_heads", [parted], perm=order)
        scaled = graph.node("Mul", f"{name}.q_scaled", [heads["q"], self.scale])
        scores = graph.node("MatMul", f"{name}.scores", [scaled, heads["k"]])
        masked = graph.node("Add", f"{name}.masked", [scores, unseen])
        weights = graph.node("Softmax", f"{name}.weights", [masked], axis=-1)
        mixed = graph.node("MatMul", f"{name}.mixed", [weights, heads["v"]])
        turned = graph.node("Transpose", f"{name}.turned", [mixed], perm=[0, 2, 1, 3])
        return self._linear(f"{name}.o", graph.node("Reshape", name, [turned, self.join]))


if __name__ == "__main__":
    write_graphs(ENCODERS, EncoderExporter)
