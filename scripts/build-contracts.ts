/** `npm run build:contracts`: compiles the contracts and writes what the chain layer needs of them. */
import { generateContracts, staleFiles, writeFiles } from './generated-contracts.ts';

const files = await generateContracts();
const stale = await staleFiles(files);
await writeFiles(files);
console.log(stale.length > 0 ? `Written: ${stale.join(', ')}` : 'All as they were.');
