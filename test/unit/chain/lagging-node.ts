import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Request {
  readonly id: number;
  readonly method: string;
  readonly params?: readonly unknown[];
}

/** One address with two nodes behind it: some answers come from one that has not seen the newest blocks. */
export class LaggingNode implements AsyncDisposable {
  /** Questions for code that it still answers with none. */
  blind = 0;
  /** Whether calls are answered as of the block before the last transaction that was sent through it. */
  isStale = false;
  /** Which questions it refuses, as one that has not seen the block, or has been asked too often. */
  refuses: (asked: Request) => boolean = () => false;
  /** The words of a refusal, and whether what was asked for is done all the same. */
  words = 'header not found';
  doesAllTheSame = false;
  /** Questions for receipts that it still answers with none. */
  withoutReceipt = 0;
  /** Questions that waited for their answers together. */
  mostAtOnce = 0;
  #atOnce = 0;
  #before: string | undefined;
  readonly #target: string;
  readonly #server: Server;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => {
      void (async () => {
        let text = '';
        for await (const piece of request) text += String(piece);
        const asked = JSON.parse(text) as Request;
        this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
        const result = await this.#answer(asked);
        this.#atOnce--;
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ ...result, jsonrpc: '2.0', id: asked.id }));
      })();
    });
  }

  static async start(target: string): Promise<LaggingNode> {
    const node = new LaggingNode(target);
    node.#server.listen(0, '127.0.0.1');
    await once(node.#server, 'listening');
    return node;
  }

  get rpcUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(asked: Request): Promise<object> {
    const { method, params = [] } = asked;
    if (this.refuses(asked)) {
      if (this.doesAllTheSame) await this.#ask(method, params);
      return { error: { code: -32_000, message: this.words } };
    }
    if (method === 'eth_getTransactionReceipt' && this.withoutReceipt > 0) {
      this.withoutReceipt--;
      return { result: null };
    }
    if (method === 'eth_getCode' && this.blind > 0) {
      this.blind--;
      return { result: '0x' };
    }
    if (method === 'eth_sendRawTransaction')
      this.#before = ((await this.#ask('eth_blockNumber', [])) as { result: string }).result;
    const before = this.isStale && method === 'eth_call' ? this.#before : undefined;
    return this.#ask(
      method,
      params.map((one) => (one === 'latest' ? (before ?? one) : one)),
    );
  }

  async #ask(method: string, params: readonly unknown[]): Promise<object> {
    const response = await fetch(this.#target, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    return (await response.json()) as object;
  }
}
