import { createTestEngine } from './bundled-model.ts';
import { describeControls } from './control-suite.ts';
import { describeEngine } from './engine-suite.ts';

describeEngine('cpu', { create: () => createTestEngine(), length: 40 });
describeControls('cpu', { create: createTestEngine, length: 24 });
