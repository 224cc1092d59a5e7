/**
 * `npm start [-- --once] [--port N] [--model ID] [--backend webgpu|wasm]`: the demo network, end to end.
 */
import { errorBody } from '../src/core/errors.ts';
import { readCommandLine, refuse } from './command-line.ts';
import type { DemoOptions } from './demo/demo-options.ts';
import { runDemo } from './demo/demo.ts';

const help = `npm start [-- options]

Starts a local chain with the payment contracts, a relay, two headless browser tabs that lend the software GPU, and
one streamed job that is paid chunk by chunk and outlives its tab. Then it stays up: open the printed address in your own browser to lend its GPU too. Ctrl-C ends everything.

  --once             end after the job; the last line is JSON
  --port <n>         port of the relay and the page (8787; 0 takes a free one)
  --proxy-port <n>   port of the proxy that pays for any OpenAI client (8788)
  --model <id>       model to serve (shakespeare-1m-fp32)
  --backend <name>   webgpu (default) or wasm
  --tokens <n>       length of the demo job (96)
  --help             this text`;

const { values } = readCommandLine({
  options: {
    once: { type: 'boolean', default: false },
    port: { type: 'string', default: '8787' },
    'proxy-port': { type: 'string', default: '8788' },
    model: { type: 'string', default: 'shakespeare-1m-fp32' },
    backend: { type: 'string', default: 'webgpu' },
    tokens: { type: 'string', default: '96' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(help);
} else {
  const options: DemoOptions = {
    once: values.once,
    port: readNumber('--port', values.port, 0, 65_535),
    proxyPort: readNumber('--proxy-port', values['proxy-port'], 0, 65_535),
    model: values.model,
    backend: readBackend(values.backend),
    tokens: readNumber('--tokens', values.tokens, 8, 900),
  };
  try {
    await runDemo(options);
  } catch (error) {
    console.error(`\n${errorBody(error).message}`);
    process.exitCode = 1;
  }
}

function readNumber(flag: string, text: string, from: number, to: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  return refuse(`${flag} takes a whole number from ${from} to ${to}, not "${text}".`);
}

function readBackend(text: string): 'webgpu' | 'wasm' {
  if (text === 'webgpu' || text === 'wasm') return text;
  return refuse(`--backend takes webgpu or wasm, not "${text}".`);
}
