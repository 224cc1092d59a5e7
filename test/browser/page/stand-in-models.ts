import type { ModelDesk } from '../../../src/app/desk/model-desk.ts';
import type { LibraryModel, LibraryVariant } from '../../../src/provider/models/library-model.ts';
import type { LibraryStatus } from '../../../src/provider/models/model-library.ts';

export function variant(id: string, name: string, changes: Partial<LibraryVariant> = {}): LibraryVariant {
  return {
    id,
    variant: name,
    f16: false,
    downloadBytes: 16_600_000,
    memoryBytes: 41_300_000,
    state: 'absent',
    bytes: 0,
    frees: 0,
    usedAt: 0,
    ...changes,
  };
}

export function libraryModel(id: string, changes: Partial<LibraryModel> = {}): LibraryModel {
  return {
    id,
    name: 'Shakespeare 1M',
    description: 'A one-million-parameter decoder that writes Shakespeare-like plays.',
    engine: 'onnx',
    kind: 'decoder',
    license: 'Apache-2.0',
    parameters: 1_000_576,
    context: 1024,
    tools: false,
    logprobs: 20,
    variants: [variant(`${id}-fp32`, 'fp32'), variant(`${id}-q4`, 'q4')],
    ...changes,
  };
}

export const STORAGE: LibraryStatus['storage'] = {
  usage: 30_000_000,
  quota: 10_000_000_000,
  persisted: true,
  models: 20_000_000,
  strays: 0,
  lasting: true,
};

/** Model files without a worker: it notes what it is asked and shows what the test says. */
export class StandInModels implements ModelDesk {
  readonly asked: string[] = [];
  #push: (status: LibraryStatus) => void = () => {};
  #status: LibraryStatus = { models: [libraryModel('shakespeare-1m')], storage: STORAGE };

  show(models: readonly LibraryModel[], storage: Partial<LibraryStatus['storage']> = {}): void {
    this.#status = { models, storage: { ...STORAGE, ...storage } };
    this.#push(this.#status);
  }

  watch(push: (status: LibraryStatus) => void): void {
    this.#push = push;
    push(this.#status);
  }
  download = async (id: string): Promise<void> => void this.asked.push(`download ${id}`);
  pause = async (id: string): Promise<void> => void this.asked.push(`pause ${id}`);
  remove = async (id: string): Promise<void> => void this.asked.push(`remove ${id}`);
  removeStrays = async (): Promise<void> => void this.asked.push('remove strays');
  refresh = async (): Promise<void> => {};
}
