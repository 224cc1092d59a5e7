import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newAccount, TestChain } from '../../../../scripts/network/test-chain.ts';
import { openCall } from '../../../../src/chain/channel.ts';
import { deploy } from '../../../../src/chain/deploy.ts';
import { approveCall, mintCall } from '../../../../src/chain/dollar.ts';
import { fromHex, type Hex, toHex } from '../../../../src/core/bytes.ts';
import { signDigest } from '../../../../src/protocol/money/signature.ts';
import { channelIdOf, NO_SIGNER, voucherDigester } from '../../../../src/protocol/money/voucher.ts';
import { SILENT_LOG } from '../../../../src/relay/log.ts';
import { loadRelayKey } from '../../../../src/relay/node/relay-key.ts';
import { type RelayServer, startRelayServer } from '../../../../src/relay/node/relay-server.ts';
import { decodeBase64Url, encodeBase64Url } from '../../../../src/sdk/base64url.ts';
import { readChallenge } from '../../../../src/sdk/challenge.ts';
import { createClient, fetchTerms } from '../../../../src/sdk/index.ts';
import { proxyWithoutBytesCode } from '../../chain/odd-coins.ts';

const data = mkdtempSync(join(tmpdir(), 'unsponsored-'));
let chain: TestChain;
let server: RelayServer;
let token: Hex;
let escrow: Hex;

/** A relay whose coin knows no authorization with the signature as bytes. */
beforeAll(async () => {
  const key = await loadRelayKey(data);
  chain = await TestChain.start({ relayKey: toHex(key.privateKey) });
  token = newAccount().address;
  await chain.ask('anvil_setCode', [token, proxyWithoutBytesCode(chain.deployment.token)]);
  const owner = chain.relay.account as Hex;
  const made = await deploy(chain.relay, { gracePeriod: 60, owner, signer: owner, token });
  ({ escrow } = made);
  const { chainId, rpcUrl } = chain.anvil;
  const money = { rpcUrl, chainId, token, escrow, hub: made.hub, confirmations: 1, watchMs: 100 };
  server = await startRelayServer(
    { port: 0, data, chain: { ...money, minDeposit: '1000', quick: true } },
    { log: SILENT_LOG },
  );
}, 60_000);
afterAll(async () => {
  await server.close(0);
  await chain.close();
  rmSync(data, { recursive: true });
});

it('H9 a relay whose coin takes no authorizations offers to pay for nothing, and a client without gas says what is missing', async () => {
  const terms = await fetchTerms(server.url);
  expect(terms.feePayer).toBe(false);
  const { echo } = await challenge();
  expect(decodeBase64Url(echo.request)).toMatchObject({
    methodDetails: { feePayer: false, credentialTypes: ['hash'] },
  });
  const client = createClient({ relay: server.url, wallet: newAccount().key, budget: '0.10' });
  await expect(client.open()).rejects.toMatchObject({
    code: 'payment_unsupported',
    message: expect.stringContaining('EIP-3009'),
    data: { missing: 'sponsored opening', token, escrow },
  });
  // Who sends one all the same hears it at once, and costs the relay nothing.
  const gas = await chain.relay.gasBalance(chain.relay.account as Hex);
  const { channelId, salt, first, account } = plan();
  const authorization = {
    from: account.address,
    to: escrow,
    value: '5000',
    validAfter: '0',
    validBefore: '9999999999',
    nonce: salt,
  };
  const signed = { signature: first.signature, voucherSignature: first.signature };
  const answer = await manage({
    action: 'open',
    type: 'authorization',
    channelId,
    salt,
    cumulativeAmount: '0',
    authorization,
    ...signed,
  });
  expect(answer).toMatchObject({ status: 402, body: { error: { code: 'authorization_unsupported' } } });
  expect(await chain.relay.gasBalance(chain.relay.account as Hex)).toBe(gas);
});

it('H9 and takes the channel that an agent opened by a transaction of its own', async () => {
  const { account, channelId, salt, first, parts } = plan();
  await chain.fund(account.address, 0n, 10n ** 18n);
  const own = chain.connect(account.key);
  await own.send(mintCall(token, account.address, 5_000n));
  await own.send(approveCall(token, escrow, 5_000n));
  const { hash } = await own.send(openCall(escrow, parts, 5_000n));
  const answer = await manage({
    action: 'open',
    type: 'hash',
    channelId,
    salt,
    hash,
    cumulativeAmount: '0',
    ...first,
  });
  expect(answer).toMatchObject({
    status: 200,
    body: { state: 'open', deposit: '5000', payer: account.address },
  });
});

function plan() {
  const account = newAccount();
  const place = { chainId: chain.anvil.chainId, contract: escrow };
  const payee = chain.relay.account as Hex;
  const salt = newAccount().key;
  const parts = { payer: account.address, payee, token, salt, authorizedSigner: NO_SIGNER };
  const channelId = channelIdOf(parts, place);
  const digest = voucherDigester(place)({ channelId, cumulativeAmount: 0n });
  return { account, channelId, salt, parts, first: { signature: signDigest(digest, fromHex(account.key)) } };
}

async function challenge() {
  const asked = await fetch(`${server.url}/v1/chat/completions`, { method: 'POST' });
  return readChallenge(asked.headers, await fetchTerms(server.url));
}

/** A credential without a body. */
async function manage(payload: object): Promise<{ status: number; body: unknown }> {
  const { echo } = await challenge();
  const answer = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Payment ${encodeBase64Url({ challenge: echo, payload })}` },
  });
  return { status: answer.status, body: await answer.json() };
}
