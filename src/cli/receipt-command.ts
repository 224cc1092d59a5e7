import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { CodedError } from '../core/errors.ts';
import { type ReadReceipt, readReceipt } from '../sdk/index.ts';

/** `afterglow receipt verify`: offline. Ends with status 1 for a receipt that does not hold. */
export function receiptCommand(): Command {
  const verify = new Command('verify')
    .description('Check the signatures, counts and hashes of a receipt. Needs no network.')
    .argument('<file>', 'what GET /v1/receipts/… gave, or - for standard input')
    .option('--json', 'print JSON')
    .action(async (file: string, { json }: { json?: boolean }) => {
      const { problems, providers, receipt } = readReceipt(await readText(file));
      const isValid = problems.length === 0;
      if (!isValid) process.exitCode = 1;
      const { job, modelId } = receipt;
      const { counts, words } = summaryOf(receipt);
      if (json) {
        return console.log(JSON.stringify({ valid: isValid, problems, job, modelId, ...counts, providers }));
      }
      console.log(`${job}: ${words}.`);
      for (const provider of providers) console.log(`  signed by ${provider}`);
      for (const { code, lease } of problems)
        console.log(`  WRONG: ${code}${lease === undefined ? '' : ` (attempt ${lease})`}`);
      console.log(isValid ? 'The receipt is valid.' : 'The receipt is NOT valid.');
    });
  return new Command('receipt').description('Signed receipts of jobs.').addCommand(verify);
}

function summaryOf(receipt: ReadReceipt['receipt']): { counts: object; words: string } {
  if ('kind' in receipt) {
    const { dimensions, inputs, modelId, tokens, vectorsHash } = receipt;
    const made = vectorsHash === null ? 'no vectors' : `${inputs} vectors of ${dimensions} numbers`;
    return {
      counts: { inputs, promptTokens: tokens, dimensions, whole: vectorsHash !== null },
      words: `${tokens} tokens of ${modelId}, ended with ${made}`,
    };
  }
  const { finish, modelId, outputTokens, promptTokens } = receipt;
  return {
    counts: { promptTokens, outputTokens, finish },
    words: `${promptTokens} + ${outputTokens} tokens of ${modelId}, ended by ${finish ?? 'no answer'}`,
  };
}

async function readText(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new CodedError(
      'file_unreadable',
      `The file can't be read (${cause.code}): ${file}.`,
      { file },
      cause,
    );
  });
}
