/**
 * `npm run prove [-- --json] [-- CONTRACT …]`: the solver's answers about the contracts' arithmetic, which it records in
 * `contracts/proofs/proved.json` where all is proved. Takes some minutes.
 */
import { readCommandLine } from './command-line.ts';
import { problemOfProof, readProofRecords, writeProofRecord } from './proof-record.ts';
import { hashProof, proofContracts } from './proof-sources.ts';
import { prove, type Proof } from './prover.ts';

const { values, positionals } = readCommandLine({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
});
const contracts = positionals.length > 0 ? positionals : proofContracts;
const proofs: Proof[] = [];
for (const contract of contracts) {
  if (!values.json) console.log(`${contract} …`);
  const sources = await hashProof(contract);
  const proof = await prove(contract);
  proofs.push(proof);
  if (!values.json) tell(proof);
  const counts = { proved: proof.proved.length, open: proof.open.length };
  const problem = problemOfProof(counts, sources, (await readProofRecords())[contract]);
  if (problem === undefined) {
    await writeProofRecord(contract, { claims: counts.proved, sources });
  } else {
    console.error(`${contract}: ${problem}`);
    process.exitCode = 1;
  }
}
if (values.json) console.log(JSON.stringify({ proofs }));

function tell({ proved, open, seconds }: Proof): void {
  for (const { line, text, kind } of proved) console.log(`  ✓ ${kind}, line ${line}: ${text}`);
  for (const { line, text, kind } of open) console.log(`  ✗ ${kind}, line ${line}: ${text}`);
  console.log(`  ${proved.length} proved, ${open.length} not, ${seconds.toFixed(0)} s`);
}
