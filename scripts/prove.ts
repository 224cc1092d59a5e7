/** `npm run prove [-- --json] [-- CONTRACT …]`: the solver's answers about the contracts' arithmetic. Takes some minutes. */
import { parseArgs } from 'node:util';
import { prove, type Proof } from './prover.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
});
const contracts = positionals.length > 0 ? positionals : ['HubProof', 'ChannelProof'];
const proofs: Proof[] = [];
for (const contract of contracts) {
  if (!values.json) console.log(`${contract} …`);
  const proof = await prove(contract);
  proofs.push(proof);
  if (values.json) continue;
  for (const { line, text, kind } of proof.proved) console.log(`  ✓ ${kind}, line ${line}: ${text}`);
  for (const { line, text, kind } of proof.open) console.log(`  ✗ ${kind}, line ${line}: ${text}`);
  console.log(`  ${proof.proved.length} proved, ${proof.open.length} not, ${proof.seconds.toFixed(0)} s`);
}
if (values.json) console.log(JSON.stringify({ proofs }));
process.exitCode = proofs.every(({ open, proved }) => open.length === 0 && proved.length > 0) ? 0 : 1;
