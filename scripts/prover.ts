/**
 * SMTChecker, the solver inside the Solidity compiler, on the contracts of `contracts/proofs`. The compiler is the `solc`
 * package, whose solver (z3, in WebAssembly) crashes where it is given a time limit: so it is given none.
 */
import { createRequire } from 'node:module';
import { readProofSources, sourceOf } from './proof-sources.ts';

/** Something that can't go wrong (or may). */
export interface Claim {
  readonly kind: 'assertion' | 'underflow' | 'other';
  readonly line: number;
  /** The source that it is about. */
  readonly text: string;
}

export interface Proof {
  readonly contract: string;
  readonly proved: readonly Claim[];
  /** Not proved, or with a counterexample. */
  readonly open: readonly Claim[];
  readonly seconds: number;
}

interface Finding {
  readonly message: string;
  /** With the line that it is about. */
  readonly formattedMessage: string;
  readonly severity: string;
  readonly sourceLocation?: { readonly file: string; readonly start: number; readonly end: number };
}

const solc = createRequire(import.meta.url)('solc') as {
  compile(input: string, callbacks: { import(path: string): { contents: string } }): string;
};

/** @throws Error with the compiler's words where the contract does not compile */
export async function prove(contract: string): Promise<Proof> {
  const sources = await readProofSources(contract);
  const began = performance.now();
  const output = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: 'Solidity',
        sources: Object.fromEntries([...sources].map(([path, content]) => [path, { content }])),
        settings: {
          modelChecker: {
            engine: 'chc',
            targets: ['assert', 'underflow'],
            contracts: { [sourceOf(contract)]: [contract] },
            showProvedSafe: true,
            showUnproved: true,
          },
          outputSelection: { '*': { '*': [] } },
        },
      }),
      { import: (path) => ({ contents: sources.get(path) ?? '' }) },
    ),
  ) as { errors?: readonly Finding[] };
  const seconds = (performance.now() - began) / 1000;
  const findings = output.errors ?? [];
  const broken = findings.filter(({ severity }) => severity === 'error');
  if (broken.length > 0) throw new Error(broken.map(({ formattedMessage }) => formattedMessage).join('\n'));
  const claims = findings.filter(({ message }) => /^(CHC|BMC): /.test(message));
  const isSafe = ({ message }: Finding): boolean => message.endsWith('check is safe!');
  return {
    contract,
    proved: claims.filter(isSafe).map((finding) => claimOf(finding, sources)),
    open: claims.filter((finding) => !isSafe(finding)).map((finding) => claimOf(finding, sources)),
    seconds,
  };
}

function claimOf({ message, sourceLocation }: Finding, sources: ReadonlyMap<string, string>): Claim {
  const source = Buffer.from(sources.get(sourceLocation?.file ?? '') ?? '');
  const { start = 0, end = 0 } = sourceLocation ?? {};
  return {
    kind: /assertion/i.test(message) ? 'assertion' : /underflow/i.test(message) ? 'underflow' : 'other',
    line: source.subarray(0, start).toString().split('\n').length,
    text: sourceLocation ? source.subarray(start, end).toString() : message,
  };
}
