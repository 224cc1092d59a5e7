/** What a relay may do that it should not, or what may happen to it. Each is off unless a test turns it on. */
export interface Mischief {
  /** Added to what it says an answer was charged (pico). */
  overcharge?: bigint;
  /** Asks for a voucher after each 40 tokens, and for so much more than it needs (base units). */
  askMore?: bigint;
  /** Added to the first voucher that a 402 names (base units). */
  firstMore?: bigint;
  /** Added to the prompt tokens that a challenge counts. */
  promptMore?: number;
  /** Added to the price per output token that a challenge names. */
  priceMore?: bigint;
  /** Signs chunks with another key than the provider's. */
  forge?: boolean;
  /** Says no word on money at a stream's end. */
  silent?: boolean;
  /** Called with what is asked, before it is done, and after: throw to lose the request or its answer. */
  wire?: (what: string, when: 'before' | 'after') => void | Promise<void>;
}
