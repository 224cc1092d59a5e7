import { createServer, connect, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/**
 * A TCP relay on loopback that can fall silent: after `cut` the sockets stay open and nothing passes, as when a cable
 * is pulled. Neither end is told.
 */
export class WireCutter {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #silent = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(targetPort: number): Promise<WireCutter> {
    const server = createServer();
    const cutter = new WireCutter(server);
    server.on('connection', (near) => cutter.#join(near, connect(targetPort, '127.0.0.1')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return cutter;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    this.#silent = true;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (data) => {
        if (!this.#silent) to.write(data);
      });
      from.on('close', () => {
        this.#sockets.delete(from);
        if (!this.#silent) to.destroy();
      });
      // A reset of one end is the other's end too; `close` follows and does it.
      from.on('error', () => undefined);
    }
  }
}
