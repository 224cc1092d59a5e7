import { createTestEmbedder, readVectors } from './bundled-encoder.ts';
import { describeEmbedder } from './embedder-suite.ts';

describeEmbedder('cpu', { create: createTestEmbedder, vectors: readVectors() });
