"""What is trained: the two architectures and the settings of their training runs."""

from dataclasses import dataclass

CONTEXT = 1024
VOCABULARY = 2048
END_OF_TEXT = "<|endoftext|>"
END_OF_TEXT_ID = 0


@dataclass(frozen=True)
class Architecture:
    """The shape of a Llama-style decoder (RMSNorm, RoPE, SwiGLU, grouped queries, tied embeddings)."""

    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    hidden: int
    intermediate: int
    vocabulary: int = VOCABULARY
    context: int = CONTEXT
    rope_theta: float = 10_000.0
    norm_epsilon: float = 1e-5


@dataclass(frozen=True)
class Recipe:
    """One training run. A step sees `tokens_per_step` tokens, in rows of `short` or of `CONTEXT` tokens.

    `long_every`: each so many steps, one step has rows of the whole context, so that late positions are learnt.
    """

    seed: int
    steps: int
    tokens_per_step: int
    short: int
    long_every: int
    matrix_rate: float
    other_rate: float
    warmup: int
    weight_decay: float
    dropout: float
    evaluate_every: int


@dataclass(frozen=True)
class EncoderRecipe:
    """One training run of an encoder. A step sees `pairs` pairs of stretches of `shortest` to `longest` tokens.

    `word_steps`: steps in which the embedding learns alone, the blocks adding nothing yet; then come `steps` of everything.

    `drop`: the share of a stretch's tokens that are left out. `dimensions`: the lengths to which vectors may be cut; the
    loss is the mean over them. `window`: tokens that count as company when the embedding's first values are counted.
    """

    seed: int
    word_steps: int
    steps: int
    pairs: int
    shortest: int
    longest: int
    drop: float
    dropout: float
    temperature: float
    dimensions: tuple[int, ...]
    window: int
    word_rate: float
    matrix_rate: float
    other_rate: float
    warmup: int
    weight_decay: float
    evaluate_every: int


@dataclass(frozen=True)
class Model:
    """A model of this project: its identity, its shape and how it is trained."""

    id: str
    name: str
    description: str
    architecture: Architecture
    recipe: Recipe | EncoderRecipe


ENCODERS = {
    model.id: model
    for model in (
        Model(
            id="shakespeare-embed",
            name="Shakespeare Embed",
            description="An encoder of 1.6 million parameters that finds passages of plays. For tests and first steps.",
            architecture=Architecture(
                layers=2, heads=8, kv_heads=8, head_dim=32, hidden=256, intermediate=384, context=512
            ),
            recipe=EncoderRecipe(
                seed=1616, word_steps=600, steps=40, pairs=96, shortest=16, longest=80, drop=0.3, dropout=0.2,
                temperature=0.05, dimensions=(64, 128, 256), window=32, word_rate=0.02, matrix_rate=0.004,
                other_rate=0.001, warmup=10, weight_decay=0.05, evaluate_every=20,
            ),
        ),
    )
}

MODELS = {
    model.id: model
    for model in (
        Model(
            id="shakespeare-1m",
            name="Shakespeare 1M",
            description="A one-million-parameter decoder that writes Shakespeare-like plays. For tests and first steps.",
            architecture=Architecture(layers=4, heads=4, kv_heads=2, head_dim=32, hidden=128, intermediate=352),
            recipe=Recipe(
                seed=1616, steps=300, tokens_per_step=4096, short=256, long_every=8, matrix_rate=0.02,
                other_rate=3e-3, warmup=30, weight_decay=0.1, dropout=0.05, evaluate_every=100,
            ),
        ),
        Model(
            id="shakespeare-4m",
            name="Shakespeare 4M",
            description="A four-million-parameter decoder that writes Shakespeare-like plays. For demonstrations.",
            architecture=Architecture(layers=5, heads=8, kv_heads=4, head_dim=32, hidden=256, intermediate=640),
            recipe=Recipe(
                seed=1616, steps=500, tokens_per_step=4096, short=256, long_every=8, matrix_rate=0.02,
                other_rate=2e-3, warmup=30, weight_decay=0.1, dropout=0.1, evaluate_every=50,
            ),
        ),
    )
}
