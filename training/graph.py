"""Writing an ONNX graph: nodes and initializers under readable names, values named after their node."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MICROSOFT = "com.microsoft"
OPSET = 17


class Graph:
    """Collects the parts of one ONNX model. A node's outputs are called `<node>`, `<node>:1`, ..."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, kind: int, shape: list[str | int]) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, name: str, kind: int, shape: list[str | int]) -> str:
        self.outputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def constant(self, name: str, value: np.ndarray) -> str:
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, op: str, name: str, inputs: list[str], outputs: list[str] | None = None, **attributes) -> str:
        """Adds a standard operator; returns the name of its first output."""
        return self._add(op, name, inputs, outputs, None, attributes)

    def microsoft(self, op: str, name: str, inputs: list[str], outputs: list[str] | None = None, **attributes) -> str:
        """Adds one of ONNX Runtime's own operators; returns the name of its first output."""
        return self._add(op, name, inputs, outputs, MICROSOFT, attributes)

    def _add(self, op, name, inputs, outputs, domain, attributes) -> str:
        results = outputs or [name]
        self.nodes.append(helper.make_node(op, inputs, results, name=name, domain=domain, **attributes))
        return results[0]

    def model(self, name: str) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, name, self.inputs, self.outputs, self.initializers)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, producer_name="afterglow", opset_imports=opsets, ir_version=8)


INT32, INT64, FLOAT = TensorProto.INT32, TensorProto.INT64, TensorProto.FLOAT
