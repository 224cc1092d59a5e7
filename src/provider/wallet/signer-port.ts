import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError, type ErrorBody, errorBody } from '../../core/errors.ts';
import type { Signer } from '../signer.ts';

/**
 * A signer over a MessagePort. Written out and not left to Comlink, whose generic calls reach every property of what
 * they expose: this port answers five calls and has no other words.
 */
type Call = 'account' | 'hello' | 'chunk' | 'receipt' | 'embedding';
interface Request {
  readonly id: number;
  readonly call: Call;
  readonly value?: unknown;
}
type Response = { readonly id: number } & ({ readonly value: Hex } | { readonly error: ErrorBody });

/** Signing takes a few ms; a signer that is silent for this long has stopped. */
const GONE_MS = 5_000;

/** Answers on a port with this signer. Called in the signer worker. */
export function serveSigner(port: MessagePort, signer: Signer): void {
  port.onmessage = async ({ data }: MessageEvent<Request>) => {
    const { id, call, value } = data;
    let response: Response;
    try {
      response = { id, value: await answer(signer, call, value) };
    } catch (error) {
      response = { id, error: errorBody(error) };
    }
    port.postMessage(response);
  };
}

function answer(signer: Signer, call: Call, value: unknown): Hex | Promise<Hex> {
  switch (call) {
    case 'account':
      return signer.account;
    // The signer itself checks each value against its schema.
    case 'hello':
      return signer.hello(value as Parameters<Signer['hello']>[0]);
    case 'chunk':
      return signer.chunk(value as Parameters<Signer['chunk']>[0]);
    case 'receipt':
      return signer.receipt(value as Parameters<Signer['receipt']>[0]);
    case 'embedding':
      return signer.embedding(value as Parameters<Signer['embedding']>[0]);
    default:
      throw new CodedError('statement_refused', 'The key does not sign this.', { kind: String(call) });
  }
}

/** The other end: a signer that asks over the port. @throws CodedError `signer_gone` from any call */
export async function connectSigner(port: MessagePort, clock: Clock): Promise<Signer> {
  const waiting = new Map<number, (response: Response) => void>();
  let last = 0;
  port.onmessage = ({ data }: MessageEvent<Response>) => waiting.get(data.id)?.(data);
  const ask = (call: Call, value?: unknown): Promise<Hex> =>
    new Promise((resolve, reject) => {
      const id = ++last;
      const gone = clock.after(GONE_MS, () => {
        waiting.delete(id);
        reject(new CodedError('signer_gone', 'The wallet’s worker does not answer.'));
      });
      waiting.set(id, (response) => {
        gone();
        waiting.delete(id);
        if ('error' in response) reject(CodedError.fromBody(response.error));
        else resolve(response.value);
      });
      port.postMessage({ id, call, value } satisfies Request);
    });
  return {
    account: await ask('account'),
    hello: (challenge) => ask('hello', challenge),
    chunk: (statement) => ask('chunk', statement),
    receipt: (receipt) => ask('receipt', receipt),
    embedding: (receipt) => ask('embedding', receipt),
  };
}
