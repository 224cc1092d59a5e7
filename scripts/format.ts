/** `npm run format [-- FILES]`: rewrites files in the project's format. */
import { runTool } from './tool.ts';

const { code } = await runTool('oxfmt', ['--write', ...process.argv.slice(2)], { show: true });
process.exitCode = code;
