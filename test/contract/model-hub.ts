import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jsonBytes } from './model-repository.ts';

export const COMMIT = 'c0ffee00'.repeat(5);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export interface ModelHub {
  readonly origin: string;
  /** The path of each part of a graph that was asked for, and `whole graph` for each whole one. */
  readonly graphReads: string[];
  close(): void;
}

/**
 * A server that is a hub with the repository someone/A-Model-ONNX, and a plain web host with the same files below
 * /plain/.
 * @param said what the hub says that a file of weights has in it: the truth, unless given
 */
export async function openModelHub(
  files: () => ReadonlyMap<string, Uint8Array>,
  said: (path: string, bytes: Uint8Array) => Uint8Array = (_, bytes) => bytes,
): Promise<ModelHub> {
  const graphReads: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    const tree = [...files()].map(([path, bytes]) => ({
      type: 'file',
      path,
      size: bytes.length,
      oid: 'x',
      ...(path.endsWith('.onnx') || path.endsWith('_data')
        ? { lfs: { oid: sha256(said(path, bytes)), size: bytes.length } }
        : {}),
    }));
    const answers: Record<string, unknown> = {
      '/api/models/someone/A-Model-ONNX/revision/main': { sha: COMMIT },
      [`/api/models/someone/A-Model-ONNX/tree/${COMMIT}`]: [
        { type: 'directory', path: 'onnx', size: 0 },
        ...tree,
      ],
    };
    const path = pathname.replace(`/someone/A-Model-ONNX/resolve/${COMMIT}/`, '').replace('/plain/', '');
    const answer = answers[pathname];
    const bytes = files().get(path) ?? (answer === undefined ? undefined : jsonBytes(answer));
    if (!bytes) {
      response.writeHead(404).end();
      return;
    }
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    if (from !== undefined) graphReads.push(pathname);
    else if (request.method === 'GET' && pathname.includes('.onnx')) graphReads.push('whole graph');
    const part = from === undefined ? bytes : bytes.subarray(Number(from), Number(to) + 1);
    response.writeHead(from === undefined ? 200 : 206, { 'content-length': part.length });
    response.end(request.method === 'HEAD' ? undefined : part);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    graphReads,
    close: () => server.close(),
  };
}
