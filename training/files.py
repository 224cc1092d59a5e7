"""The names of a model's files and of its variants."""

TOKENIZER = "tokenizer.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
MANIFEST = "manifest.json"
GRAPHS = {"fp32": "model.onnx", "q4": "model_q4.onnx"}
BITS = {"fp32": 32, "q4": 4}
