import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params?: unknown[];
}

/**
 * An RPC between a relay and the chain that can fail as real ones do: be gone, lag some blocks behind, take no
 * transactions, refuse some questions and answer others, or be a pool of nodes that are not equally far.
 */
export class RpcGate {
  /** No answer at all. */
  isDown = false;
  /** Reads are answered, transactions are not taken. */
  refusesTransactions = false;
  /** Methods that get an error; all others are answered. */
  readonly refused = new Set<string>();
  /** Blocks that everything is behind, receipts included. */
  lag = 0n;
  /** The first question of each kind after a new block goes to another node, which is so many blocks behind. */
  poolLag = 0n;
  /** Questions so far, by method. */
  readonly asked = new Map<string, number>();
  readonly #target: string;
  /** The newest block when a method was last asked. */
  readonly #toldAt = new Map<string, string>();
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
    this.asked.set(method, (this.asked.get(method) ?? 0) + 1);
    const isRefused = this.refusesTransactions && method === 'eth_sendRawTransaction';
    if (isRefused || this.refused.has(method)) return failure(id, 'not now');
    const lag = this.lag + (this.poolLag > 0n && (await this.#isFirst(method)) ? this.poolLag : 0n);
    // An account's next number counts what waits, on whichever node.
    const isOfBlocks = method !== 'eth_getTransactionCount' && method !== 'eth_sendRawTransaction';
    return lag === 0n || !isOfBlocks ? this.#ask(id, method, params) : this.#behind(id, method, params, lag);
  }

  async #isFirst(method: string): Promise<boolean> {
    const newest = await this.#newest();
    if (this.#toldAt.get(method) === newest) return false;
    this.#toldAt.set(method, newest);
    return true;
  }

  async #newest(): Promise<string> {
    return ((await this.#ask(0, 'eth_blockNumber', [])) as { result: string }).result;
  }

  /** What a node says that has not got the newest blocks. */
  async #behind(id: unknown, method: string, params: readonly unknown[], lag: bigint): Promise<unknown> {
    const newest = BigInt(await this.#newest());
    const seen = newest < lag ? 0n : newest - lag;
    const tag = `0x${seen.toString(16)}`;
    if (method === 'eth_blockNumber') return { jsonrpc: '2.0', id, result: tag };
    if (method === 'eth_getLogs') {
      const [filter] = params as [{ fromBlock: string; toBlock: string }];
      // No error: such a node simply knows of nothing there.
      if (BigInt(filter.fromBlock) > seen) return { jsonrpc: '2.0', id, result: [] };
      return this.#ask(id, method, [BigInt(filter.toBlock) > seen ? { ...filter, toBlock: tag } : filter]);
    }
    if (params.some((one) => typeof one === 'string' && isNumber(one) && BigInt(one) > seen))
      return failure(id, 'header not found');
    const behind = params.map((one) => (one === 'latest' || one === 'pending' ? tag : one));
    const withTag = method === 'eth_call' && behind.length === 1 ? [...behind, tag] : behind;
    const answer = (await this.#ask(id, method, withTag)) as { result: { blockNumber?: string } | null };
    const { blockNumber } = answer.result ?? {};
    const isAhead = method === 'eth_getTransactionReceipt' && blockNumber && BigInt(blockNumber) > seen;
    return isAhead ? { jsonrpc: '2.0', id, result: null } : answer;
  }

  async #ask(id: unknown, method: string, params: readonly unknown[]): Promise<unknown> {
    const response = await fetch(this.#target, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
    });
    return response.json();
  }
}

/** A block's number, and neither a tag, an address nor a hash. */
function isNumber(text: string): boolean {
  return /^0x[0-9a-f]{1,16}$/.test(text);
}

function failure(id: unknown, message: string): object {
  return { jsonrpc: '2.0', id, error: { code: -32_000, message } };
}
