import { createTestEngine } from './bundled-model.ts';
import { describeControls } from './control-suite.ts';
import { describeEngine } from './engine-suite.ts';
import { describeControlledScores, describeScores } from './score-suite.ts';

describeEngine('cpu', { create: () => createTestEngine(), length: 40 });
describeControls('cpu', { create: createTestEngine, length: 24 });
describeScores('cpu', { create: () => createTestEngine(), length: 80 });
describeControlledScores('cpu', { create: () => createTestEngine(), length: 80 });
