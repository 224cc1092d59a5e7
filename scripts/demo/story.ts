import { formatCoins } from '../../src/sdk/index.ts';

/** What the demo tells in the terminal: steps with their times, the stream as it comes, plain sentences. */
export class Story {
  readonly #colour = process.stdout.isTTY === true;

  say(line: string): void {
    console.log(line);
  }

  /** Text without a line break: the stream. */
  write(text: string): void {
    process.stdout.write(text);
  }

  /** A remark in the middle of the stream. */
  mark(remark: string): void {
    process.stdout.write(this.#colour ? `\u001b[31m⟨${remark}⟩\u001b[0m` : `⟨${remark}⟩`);
  }

  async step<T>(name: string, run: () => Promise<T>): Promise<T> {
    const began = performance.now();
    process.stdout.write(`${name} … `);
    try {
      const result = await run();
      console.log(`${((performance.now() - began) / 1000).toFixed(1)} s`);
      return result;
    } catch (error) {
      console.log('failed');
      throw error;
    }
  }

  /** What happens beside the stream, on a line of its own. */
  aside(remark: string): void {
    const line = `  ┆ ${remark}`;
    console.log(this.#colour ? `\n\u001b[2m${line}\u001b[0m` : `\n${line}`);
  }

  /** How to join: the page for owners, a proxy for programs. */
  invite({ relay, proxy, model, key }: Invitation): void {
    const body = JSON.stringify({
      model,
      stream: true,
      max_tokens: 60,
      messages: [{ role: 'user', content: 'Good morrow!' }],
    });
    console.log(`
The network stays up, and a demo agent buys small jobs. Test dollars only.
  Lend your own GPU, and watch it earn:  ${relay}/?demo=1
  Buy tokens (a funded wallet pays):     curl -N ${proxy}/chat/completions -H 'content-type: application/json' -d '${body}'
  Any OpenAI client, by base URL:        ${proxy}
  What is live:                          ${relay}/v1/network
${key ? 'Press k to kill the tab that serves: its stream goes on. ' : ''}Ctrl-C ends every process.`);
  }
}

export interface Invitation {
  /** URL of relay and page. */
  readonly relay: string;
  /** Base URL of the paying proxy. */
  readonly proxy: string;
  readonly model: string;
  /** Whether keys can be pressed. */
  readonly key: boolean;
}

/** Pico as millionths of a dollar. */
export function micros(pico: bigint): string {
  return `${formatCoins(pico, 6)} µ$`;
}
