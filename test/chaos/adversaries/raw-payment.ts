import { encodeBase64Url } from '../../../src/sdk/base64url.ts';
import { readChallenge } from '../../../src/sdk/challenge.ts';
import { fetchTerms } from '../../../src/sdk/index.ts';

export interface Presented {
  readonly status: number;
  readonly code: string | undefined;
}

/** Where to, and which of its models. */
export interface Counter {
  readonly server: { readonly url: string };
  readonly model: string;
}

/** Asks for an answer of 32 tokens and pays with a payload of one's own making, as no honest client would. @param source who opens by its own transaction */
export async function present(
  scene: Counter,
  payload: Readonly<Record<string, unknown>>,
  source?: string,
): Promise<Presented> {
  const url = `${scene.server.url}/v1/chat/completions`;
  const body = JSON.stringify({
    model: scene.model,
    messages: [{ role: 'user', content: 'Speak.' }],
    max_tokens: 32,
  });
  const headers = { 'content-type': 'application/json' };
  const asked = await fetch(url, { method: 'POST', headers, body });
  const { echo } = readChallenge(asked.headers, await fetchTerms(scene.server.url));
  const credential = encodeBase64Url({ challenge: echo, payload, source });
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...headers, authorization: `Payment ${credential}` },
    body,
  });
  const { error } = (await answer.json()) as { error?: { code: string } };
  return { status: answer.status, code: error?.code };
}
