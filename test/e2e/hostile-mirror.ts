import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server in front of a relay that passes everything on, and models as slowly and as badly as a test wants. */
export class HostileMirror {
  /** Ranges of the requests for weights, oldest first; `all` without one. */
  readonly asked: string[] = [];
  /** Bytes of weights put on the wire. */
  sent = 0;
  /** Bytes of one answer after which the connection breaks. */
  cutAfter = Number.POSITIVE_INFINITY;
  /** Between two pieces of 64 KiB. */
  pieceMs = 0;
  readonly #server: Server;

  private constructor(upstream: string) {
    this.#server = createServer((request, response) => {
      void this.#answer(upstream, request, response).catch(() => response.destroy());
    });
  }

  static async start(upstream: string): Promise<HostileMirror> {
    const mirror = new HostileMirror(upstream);
    await new Promise<void>((resolve) => mirror.#server.listen(0, '127.0.0.1', resolve));
    return mirror;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(upstream: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { range } = request.headers;
    const got = await fetch(`${upstream}${request.url}`, { headers: range ? { range } : {} });
    const headers = Object.fromEntries(got.headers);
    delete headers['content-encoding'];
    delete headers['connection'];
    response.writeHead(got.status, headers);
    const body = Buffer.from(await got.arrayBuffer());
    if (!request.url?.endsWith('.onnx')) return void response.end(body);
    this.asked.push(range ?? 'all');
    for (let at = 0; at < body.length; at += 65_536) {
      if (response.destroyed) return;
      if (at >= this.cutAfter) return void response.destroy();
      const piece = body.subarray(at, at + 65_536);
      this.sent += piece.length;
      if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve));
      if (this.pieceMs > 0) await new Promise((resolve) => setTimeout(resolve, this.pieceMs));
    }
    response.end();
  }
}
