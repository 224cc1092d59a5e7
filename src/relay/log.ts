/**
 * Where the relay's sentences go: pino in the product, silence or a list in tests. Fields are plain data; prompts,
 * outputs, token ids and keys never are among them (rule A6).
 */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const SILENT_LOG: Log = { info: () => {}, warn: () => {}, error: () => {} };
