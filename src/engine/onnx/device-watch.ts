import { CodedError } from '../../core/errors.ts';

/** Ends calls with `device_lost` as soon as their device is lost: after that they may never end by themselves. */
export class DeviceWatch {
  #lost: CodedError | undefined;
  #abandon: ((error: CodedError) => void) | undefined;

  constructor(device: GPUDevice) {
    void device.lost.then(({ reason, message }) => {
      this.#lost = new CodedError('device_lost', 'The GPU was lost.', { reason, text: message });
      this.#abandon?.(this.#lost);
    });
  }

  /** Set once the device is lost: nothing on it works any more. */
  get lost(): CodedError | undefined {
    return this.#lost;
  }

  /** Runs a call, one at a time. @throws CodedError `device_lost`; and what `work` throws on a live device */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    if (this.#lost) throw this.#lost;
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#abandon = reject;
        work().then(resolve, reject);
      });
    } catch (error) {
      throw this.#lost ?? error;
    } finally {
      this.#abandon = undefined;
    }
  }
}
