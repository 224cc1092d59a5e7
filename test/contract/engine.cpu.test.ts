import { createTestEngine } from './bundled-model.ts';
import { describeEngine } from './engine-suite.ts';

describeEngine('cpu', { create: () => createTestEngine(), length: 40 });
