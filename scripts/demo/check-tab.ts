import type { NetworkTab } from '../network/local-network.ts';
import type { DemoOptions } from './demo-options.ts';
import type { Story } from './story.ts';

/** The adapter and backend that were asked for, or no demo: a silent fallback would be a lie. */
export async function checkTab(
  { tab, account }: NetworkTab,
  { backend }: Pick<DemoOptions, 'backend'>,
  story: Story,
): Promise<void> {
  const { engine, gpu } = await tab.status();
  if (!engine) throw new Error('The tab has no engine.');
  const place = backend === 'webgpu' ? (gpu?.name ?? 'an unknown adapter') : 'the processor';
  story.say(`  ${account}  ${engine.backend} on ${place} (${engine.gpuClass})`);
  if (engine.backend !== backend) throw new Error(`The tab runs on ${engine.backend}, not on ${backend}.`);
  if (backend === 'webgpu' && !engine.gpuClass.includes('swiftshader')) {
    throw new Error(
      `The tab has the adapter ${engine.gpuClass}, not the software adapter that was asked for.`,
    );
  }
}
