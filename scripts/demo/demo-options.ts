/** What `npm start` was asked for. */
export interface DemoOptions {
  readonly once: boolean;
  readonly port: number;
  readonly proxyPort: number;
  readonly model: string;
  readonly backend: 'webgpu' | 'wasm';
  readonly tokens: number;
}
