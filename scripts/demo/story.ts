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

  /** How to join: the page for owners, a request for programs. */
  invite(url: string, model: string): void {
    const body = JSON.stringify({
      model,
      stream: true,
      max_tokens: 60,
      messages: [{ role: 'user', content: 'Good morrow!' }],
    });
    console.log(`
The network stays up.
  Lend your own GPU:   ${url}/
  Buy tokens from it:  curl -N ${url}/v1/chat/completions -H 'content-type: application/json' -d '${body}'
  What is live:        ${url}/v1/network
Ctrl-C ends every process.`);
  }
}
