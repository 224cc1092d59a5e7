import type { DecoderSizes } from './decoder-sizes.ts';
import { type OnnxFiles, OnnxWriter } from './onnx-writer.ts';
import { BLOCK, DecoderWeights } from './decoder-weights.ts';

export type Dtype = 'fp32' | 'fp16' | 'q4' | 'q4f16';

export interface DecoderGraphOptions {
  readonly dtype: Dtype;
  /** The same weights for the same seed; 1 unless given. */
  readonly seed?: number;
  /** Name of the file that the weights go to, for example `model_q4.onnx_data`; without it they lie in the graph. */
  readonly external?: string;
  /**
   * `attention` (the default): GroupQueryAttention rotates queries and keys itself and reads them from one product, and
   * the graph has no `position_ids`. `nodes`: both are rotated before, by `position_ids`, as in older exports.
   */
  readonly rotary?: 'attention' | 'nodes';
  /**
   * Where heads are normalised, if the family does that: in nodes of their own (the default), or inside of attention as
   * in the newest exports for WebGPU, which no CPU runs.
   */
  readonly headNorm?: 'nodes' | 'attention';
  /** Four-bit weights with zero points, or symmetric ones (the default). */
  readonly zeroPoints?: boolean;
  /** Half-precision variants with logits in single precision: a cast at the end. */
  readonly wideLogits?: boolean;
  /** The graph is told of how many tokens at the end it shall give logits (`num_logits_to_keep`). */
  readonly asksKept?: boolean;
  /** One embedding matrix for both ends (the default), or one for each. */
  readonly tied?: boolean;
}

const EPSILON = 1e-6;
const BATCH = 'batch_size';
const SEQUENCE = 'sequence_length';
/** Standard deviation of the logits: enough that tokens differ in likelihood, as a trained model's do. */
const LOGIT_DEVIATION = 3;

/**
 * A decoder with random weights whose graph is what `onnxruntime-genai`'s builder makes for WebGPU: GroupQueryAttention,
 * SkipSimplifiedLayerNormalization, and for four bits MatMulNBits and GatherBlockQuantized in blocks of 32. It stands
 * for the published models of the onnx-community convention where nobody wants to download them: nothing that it says
 * has a meaning, but every shape, type, name and operator is theirs.
 *
 * For a vocabulary of 150,000 (`bench engine`), about 110 MB in a second:
 * @example
 * const { graph } = createDecoderGraph(SHAPES['qwen3-0.6b'], { dtype: 'q4' });
 */
export function createDecoderGraph(sizes: DecoderSizes, options: DecoderGraphOptions): OnnxFiles {
  return new DecoderGraph(sizes, options).build();
}

class DecoderGraph {
  readonly #sizes: DecoderSizes;
  readonly #options: DecoderGraphOptions;
  readonly #writer: OnnxWriter;
  readonly #weights: DecoderWeights;
  /** What activations, scales and caches are. */
  readonly #type: 'float32' | 'float16';
  readonly #quantized: boolean;

  constructor(sizes: DecoderSizes, options: DecoderGraphOptions) {
    [this.#sizes, this.#options] = [sizes, options];
    this.#writer = new OnnxWriter(options.external);
    this.#type = options.dtype === 'fp16' || options.dtype === 'q4f16' ? 'float16' : 'float32';
    this.#quantized = options.dtype === 'q4' || options.dtype === 'q4f16';
    const { seed = 1, zeroPoints = false } = options;
    const [type, quantized] = [this.#type, this.#quantized];
    this.#weights = new DecoderWeights(this.#writer, { type, quantized, zeroPoints, seed });
  }

  build(): OnnxFiles {
    const { layers, vocab } = this.#sizes;
    const { rotary, wideLogits } = this.#options;
    const writer = this.#writer;
    writer.input('input_ids', 'int64', [BATCH, SEQUENCE]);
    writer.input('attention_mask', 'int64', [BATCH, 'total_sequence_length']);
    if (rotary === 'nodes') writer.input('position_ids', 'int64', [BATCH, SEQUENCE]);
    writer.output('logits', wideLogits ? 'float32' : this.#type, [BATCH, SEQUENCE, vocab]);
    const lengths = this.#lengths();
    const tables = this.#rotaryTables();
    let residual = this.#embedding();
    let normed = writer.node(
      'SimplifiedLayerNormalization',
      '/model/layers.0/input_layernorm/LayerNorm',
      [residual, this.#gain('model.layers.0.input_layernorm.weight')],
      { axis: -1, epsilon: { float: EPSILON }, stash_type: 1 },
    );
    for (let layer = 0; layer < layers; layer++) {
      const attended = this.#attention(layer, normed, lengths, tables);
      [normed, residual] = this.#skipNorm(`layers.${layer}/post_attention_layernorm`, residual, attended);
      const fed = this.#feedForward(layer, normed);
      const next = layer + 1 < layers ? `layers.${layer + 1}/input_layernorm` : 'norm';
      [normed, residual] = this.#skipNorm(next, residual, fed);
    }
    this.#head(normed);
    return writer.finish('synthetic');
  }

  /** GroupQueryAttention's two lengths: each row's last position, and the longest row's length, both int32. */
  #lengths(): readonly [string, string] {
    const name = '/model/attn_mask_reformat/attn_mask_subgraph';
    const writer = this.#writer;
    const ones = writer.node(
      'ReduceSum',
      `${name}/ReduceSum`,
      ['attention_mask', this.#weights.integer([1])],
      {
        keepdims: 0,
      },
    );
    const last = writer.node('Sub', `${name}/Sub`, [ones, this.#weights.integer([1])]);
    const shape = writer.node('Shape', `${name}/Shape`, ['attention_mask']);
    const total = writer.node('Gather', `${name}/Gather`, [shape, this.#weights.integer(1)], { axis: 0 });
    return [
      writer.node('Cast', `${name}/Sub/Cast`, [last], { to: 6 }),
      writer.node('Cast', `${name}/Gather/Cast`, [total], { to: 6 }),
    ];
  }

  #rotaryTables(): readonly [string, string] {
    const { context, headDim, ropeTheta } = this.#sizes;
    const half = headDim / 2;
    const table = (name: string, of: (angle: number) => number): string => {
      const values = new Float32Array(context * half);
      for (let position = 0; position < context; position++) {
        for (let i = 0; i < half; i++) values[position * half + i] = of(position / ropeTheta ** (i / half));
      }
      return this.#weights.floats(name, [context, half], values);
    };
    return [table('cos_cache', Math.cos), table('sin_cache', Math.sin)];
  }

  /** With tied embeddings, the head's matrix is read by rows. */
  #embedding(): string {
    const { hidden, vocab } = this.#sizes;
    const writer = this.#writer;
    const name = '/model/embed_tokens';
    if (this.#options.tied === false) {
      const rows = this.#weights.random('model.embed_tokens.weight', [vocab, hidden], 1);
      return writer.node('Gather', `${name}/Gather`, [rows, 'input_ids']);
    }
    if (!this.#quantized) {
      this.#weights.random('lm_head.MatMul.weight', [hidden, vocab], LOGIT_DEVIATION / Math.sqrt(hidden));
      const rows = writer.node('Transpose', `${name}/Transpose`, ['lm_head.MatMul.weight']);
      return writer.node('Gather', `${name}/Gather`, [rows, 'input_ids']);
    }
    const [codes, scales, ...zeros] = this.#weights.fourBits(
      'lm_head.MatMul',
      hidden,
      vocab,
      LOGIT_DEVIATION,
    );
    const flat = this.#weights.integer([vocab, hidden / 2]);
    const rows = writer.node('Reshape', `${name}/Reshape`, [codes!, flat]);
    return writer.microsoft(
      'GatherBlockQuantized',
      `${name}/GatherBlockQuantized`,
      [rows, 'input_ids', scales!, ...zeros],
      { bits: 4, block_size: BLOCK, gather_axis: 0, quantize_axis: 1 },
    );
  }

  /** The states of the last tokens, as many as `num_logits_to_keep` says. */
  #lastOf(states: string): string {
    const writer = this.#writer;
    const name = '/lm_head/last';
    const from = writer.node('Neg', `${name}/Neg`, [writer.input('num_logits_to_keep', 'int64', [])]);
    const start = writer.node('Unsqueeze', `${name}/Unsqueeze`, [from, this.#weights.integer([0])]);
    const end = this.#weights.integer([2 ** 31]);
    return writer.node('Slice', `${name}/Slice`, [states, start, end, this.#weights.integer([1])]);
  }

  #head(states: string): void {
    const normed = this.#options.asksKept ? this.#lastOf(states) : states;
    const { hidden, vocab } = this.#sizes;
    const { tied, wideLogits } = this.#options;
    const cast = wideLogits && this.#type === 'float16';
    const output = cast ? '/lm_head/MatMul/output_0' : 'logits';
    if (tied === false || this.#quantized) {
      this.#weights.product('/lm_head/MatMul', normed, hidden, vocab, {
        gain: LOGIT_DEVIATION,
        output,
        written: tied !== false,
      });
    } else {
      this.#writer.node('MatMul', '/lm_head/MatMul', [normed, 'lm_head.MatMul.weight'], {}, [output]);
    }
    if (cast) this.#writer.node('Cast', '/lm_head/Cast', [output], { to: 1 }, ['logits']);
  }

  #attention(
    layer: number,
    x: string,
    lengths: readonly [string, string],
    tables: readonly [string, string],
  ): string {
    const { hidden, heads, kvHeads, headDim } = this.#sizes;
    const writer = this.#writer;
    const name = `/model/layers.${layer}/attn`;
    const widths = [heads * headDim, kvHeads * headDim, kvHeads * headDim] as const;
    const inside = this.#options.rotary !== 'nodes';
    let [q, k, v] = inside ? this.#packed(name, x, widths) : this.#unpacked(name, x, widths);
    const normsInside = this.#sizes.headNorm && this.#options.headNorm === 'attention';
    if (this.#sizes.headNorm && !normsInside) {
      q = this.#headNorm(`${name}/q_norm`, q, widths[0]);
      k = this.#headNorm(`${name}/k_norm`, k, widths[1]);
    }
    if (!inside) {
      [q, k] = [this.#rotate(`${name}/q_rotary`, q, tables), this.#rotate(`${name}/k_rotary`, k, tables)];
    }
    const [past, present]: [string[], string[]] = [[], []];
    for (const kind of ['key', 'value']) {
      const dims = (length: string) => [BATCH, kvHeads, length, headDim];
      past.push(writer.input(`past_key_values.${layer}.${kind}`, this.#type, dims('past_sequence_length')));
      present.push(writer.output(`present.${layer}.${kind}`, this.#type, dims('total_sequence_length')));
    }
    const attended = writer.microsoft(
      'GroupQueryAttention',
      `${name}/GroupQueryAttention`,
      [
        q,
        k,
        v,
        ...past,
        ...lengths,
        ...(inside ? tables : []),
        ...(normsInside ? this.#headGains(name) : []),
      ],
      {
        num_heads: heads,
        kv_num_heads: kvHeads,
        scale: { float: headDim ** -0.5 },
        local_window_size: -1,
        softcap: { float: 0 },
        ...(normsInside ? { qk_norm_epsilon: { float: EPSILON } } : {}),
        do_rotary: inside ? 1 : 0,
        rotary_interleaved: 0,
      },
      [`${name}/GroupQueryAttention/output_0`, ...present],
    );
    return this.#weights.product(`${name}/o_proj/MatMul`, attended, widths[0], hidden);
  }

  /** One product for all three. GroupQueryAttention takes it whole, unless something is done to a part before. */
  #packed(name: string, x: string, widths: readonly number[]): [string, string, string] {
    const whole = this.#weights.product(
      `${name}/qkv_proj/MatMul`,
      x,
      this.#sizes.hidden,
      widths.reduce((a, b) => a + b),
    );
    if (!this.#sizes.headNorm) return [whole, '', ''];
    const parts = widths.map((_, i) => `${name}/qkv_proj/Split/output_${i}`);
    this.#writer.node(
      'Split',
      `${name}/qkv_proj/Split`,
      [whole, this.#weights.integer(widths)],
      { axis: -1 },
      parts,
    );
    return parts as [string, string, string];
  }

  #unpacked(name: string, x: string, widths: readonly number[]): [string, string, string] {
    const { hidden } = this.#sizes;
    const product = (part: string, width: number): string =>
      this.#weights.product(`${name}/${part}_proj/MatMul`, x, hidden, width);
    return [product('q', widths[0]!), product('k', widths[1]!), product('v', widths[2]!)];
  }

  /** The last two inputs of GroupQueryAttention; the five before them stay empty. */
  #headGains(name: string): string[] {
    return ['', '', '', '', '', this.#headGain(`${name}/q_norm`), this.#headGain(`${name}/k_norm`)];
  }

  #headGain(name: string): string {
    const stem = name.slice(1).replaceAll('/', '.');
    return this.#weights.random(`${stem}.layernorm.weight`, [this.#sizes.headDim], 0.1, 1);
  }

  #headNorm(name: string, x: string, width: number): string {
    const writer = this.#writer;
    const { headDim } = this.#sizes;
    const heads = writer.node('Reshape', `${name}/Reshape_1`, [x, this.#weights.integer([0, -1, headDim])]);
    const gain = this.#headGain(name);
    const normed = writer.node(
      'SimplifiedLayerNormalization',
      `${name}/SimplifiedLayerNormalization`,
      [heads, gain],
      { axis: -1, epsilon: { float: EPSILON }, stash_type: 1 },
    );
    return writer.node('Reshape', `${name}/Reshape_2`, [normed, this.#weights.integer([0, -1, width])]);
  }

  #rotate(name: string, x: string, tables: readonly [string, string]): string {
    return this.#writer.microsoft(
      'RotaryEmbedding',
      `${name}/RotaryEmbedding`,
      [x, 'position_ids', ...tables],
      {
        interleaved: 0,
        num_heads: 0,
        rotary_embedding_dim: 0,
      },
    );
  }

  #feedForward(layer: number, x: string): string {
    const { hidden, intermediate } = this.#sizes;
    const writer = this.#writer;
    const name = `/model/layers.${layer}/mlp`;
    const gate = this.#weights.product(`${name}/gate_proj/MatMul`, x, hidden, intermediate);
    const up = this.#weights.product(`${name}/up_proj/MatMul`, x, hidden, intermediate);
    const sigmoid = writer.node('Sigmoid', `${name}/act_fn/Sigmoid`, [gate]);
    const silu = writer.node('Mul', `${name}/act_fn/Mul`, [gate, sigmoid]);
    const gated = writer.node('Mul', `${name}/Mul`, [silu, up]);
    return this.#weights.product(`${name}/down_proj/MatMul`, gated, intermediate, hidden);
  }

  /** The normalised sum, and the sum itself. After the last layer nobody wants the sum, so none is written. */
  #skipNorm(where: string, residual: string, addend: string): [string, string] {
    const last = where === 'norm';
    const name = last ? `/model/layers.${this.#sizes.layers}/final_norm_layernorm` : `/model/${where}`;
    const sum = `${name}/output_3`;
    const normed = `${name}/output_0`;
    const gain = this.#gain(`${name.slice(1).replaceAll('/', '.')}.weight`);
    this.#writer.microsoft(
      'SkipSimplifiedLayerNormalization',
      `${name}/SkipLayerNorm`,
      [residual, addend, gain],
      { epsilon: { float: EPSILON } },
      last ? [normed] : [normed, '', '', sum],
    );
    return [normed, sum];
  }

  #gain(name: string): string {
    return this.#weights.random(name, [this.#sizes.hidden], 0.1, 1);
  }
}
