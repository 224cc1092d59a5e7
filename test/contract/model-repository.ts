/** A repository of a model as onnx-community lays it out, for tests in Node. */
import { readFile } from 'node:fs/promises';
import { createSyntheticDecoder } from '../../src/sim/decoder/synthetic-decoder.ts';

const SIZES = { vocab: 2048, hidden: 64, intermediate: 128, heads: 2, kvHeads: 1, context: 1024 };

export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** The files of a repository as onnx-community lays it out; the tokenizer is the bundled one. */
export async function modelRepository(): Promise<Map<string, Uint8Array>> {
  const bundled = (name: string): Promise<Uint8Array> => readFile(`public/models/shakespeare-1m/${name}`);
  const { chat_template: chatTemplate, ...config } = JSON.parse(
    Buffer.from(await bundled('tokenizer_config.json')).toString('utf8'),
  );
  const q4 = createSyntheticDecoder('smollm2-135m', { dtype: 'q4' }, SIZES);
  const external = 'model_fp16.onnx_data';
  const fp16 = createSyntheticDecoder('smollm2-135m', { dtype: 'fp16', external }, SIZES);
  return new Map([
    [
      'README.md',
      new TextEncoder().encode('---\nlicense: apache-2.0\nlibrary_name: transformers.js\n---\n# A model'),
    ],
    [
      'config.json',
      jsonBytes({
        model_type: 'llama',
        num_hidden_layers: 2,
        num_attention_heads: 2,
        num_key_value_heads: 1,
        head_dim: 64,
        hidden_size: 64,
        intermediate_size: 128,
        vocab_size: 2048,
        max_position_embeddings: 8192,
        tie_word_embeddings: true,
        bos_token_id: 0,
        eos_token_id: 0,
      }),
    ],
    ['generation_config.json', jsonBytes({ eos_token_id: [0, 2] })],
    ['tokenizer.json', await bundled('tokenizer.json')],
    ['tokenizer_config.json', jsonBytes(config)],
    ['chat_template.jinja', new TextEncoder().encode(chatTemplate)],
    ['onnx/model_q4.onnx', q4.graph],
    ['onnx/model_fp16.onnx', fp16.graph],
    [`onnx/${external}`, fp16.data[0]!.content],
    ['onnx/model_quantized.onnx', new Uint8Array(16)],
  ]);
}
