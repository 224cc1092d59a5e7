import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params?: unknown[];
}

/**
 * An RPC between a relay and the chain that can fail as real ones do: be gone, lag some blocks behind, or take no
 * transactions.
 */
export class RpcGate {
  /** No answer at all. */
  isDown = false;
  /** Reads are answered, transactions are not taken. */
  refusesTransactions = false;
  /** Blocks that everything is behind, receipts included. */
  lag = 0n;
  readonly #target: string;
  readonly #server: Server;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => {
      let text = '';
      request.on('data', (piece) => (text += String(piece)));
      request.on('end', () => {
        if (this.isDown) return void response.destroy();
        void this.#answer(JSON.parse(text) as Request | Request[]).then(
          (answer) => {
            response.setHeader('content-type', 'application/json');
            response.end(JSON.stringify(answer));
          },
          () => response.destroy(),
        );
      });
    });
  }

  static async open(target: string): Promise<RpcGate> {
    const gate = new RpcGate(target);
    gate.#server.listen(0, '127.0.0.1');
    await once(gate.#server, 'listening');
    return gate;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(asked: Request | Request[]): Promise<unknown> {
    return Array.isArray(asked) ? Promise.all(asked.map((one) => this.#one(one))) : this.#one(asked);
  }

  async #one({ id, method, params = [] }: Request): Promise<unknown> {
    if (this.refusesTransactions && method === 'eth_sendRawTransaction') {
      return { jsonrpc: '2.0', id, error: { code: -32_000, message: 'not now' } };
    }
    if (this.lag === 0n) return this.#ask(id, method, params);
    const seen =
      BigInt(((await this.#ask(id, 'eth_blockNumber', [])) as { result: string }).result) - this.lag;
    const tag = `0x${(seen < 0n ? 0n : seen).toString(16)}`;
    if (method === 'eth_blockNumber') return { jsonrpc: '2.0', id, result: tag };
    // An account's next number counts what waits, on whichever node.
    const isState = method !== 'eth_getTransactionCount' && method !== 'eth_sendRawTransaction';
    const behind = isState
      ? params.map((one) => (one === 'latest' || one === 'pending' ? tag : one))
      : params;
    const withTag = method === 'eth_call' && behind.length === 1 ? [...behind, tag] : behind;
    const answer = (await this.#ask(id, method, withTag)) as { result: { blockNumber?: string } | null };
    const { blockNumber } = answer.result ?? {};
    const isAhead = method === 'eth_getTransactionReceipt' && blockNumber && BigInt(blockNumber) > seen;
    return isAhead ? { jsonrpc: '2.0', id, result: null } : answer;
  }

  async #ask(id: unknown, method: string, params: unknown[]): Promise<unknown> {
    const response = await fetch(this.#target, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
    });
    return response.json();
  }
}
