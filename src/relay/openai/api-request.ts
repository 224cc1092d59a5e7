/** An HTTP request as the relay's handlers see it, whatever server stands in front. */
export interface ApiRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The sender's address, as text. */
  readonly ip: string;
  /** @param name in lower case */
  header(name: string): string | undefined;
  /** The whole body. @throws CodedError `body_too_large`, `aborted` */
  body(): Promise<string>;
}

/** Where an answer goes: either one `send`, or `begin`, any number of `write`, and `end`. */
export interface ApiReply {
  send(status: number, headers: Readonly<Record<string, string>>, body: string): void;
  begin(status: number, headers: Readonly<Record<string, string>>): void;
  write(text: string): void;
  end(): void;
  /** Bytes written and not yet taken by the client. */
  buffered(): number;
  /** Calls `run` once if the client goes away before the answer's end. */
  onGone(run: () => void): void;
}
