import { CodedError } from '../../core/errors.ts';

/** The bytes are not those that the manifest names, or not that many. */
export function modelCorrupt(path: string, difference: Readonly<Record<string, unknown>>): CodedError {
  const message = `${path} is not the file that the manifest names.`;
  return new CodedError('model_corrupt', message, { file: path, ...difference });
}

export function modelFileMissing(path: string, status: number): CodedError {
  return new CodedError('model_file_missing', `${path} is not where the manifest says.`, {
    file: path,
    status,
  });
}

/** @param why ends the sentence, as `HTTP 503` does */
export function downloadFailed(
  path: string,
  why: string,
  data: Readonly<Record<string, unknown>> = {},
): CodedError {
  return new CodedError('download_failed', `${path} could not be downloaded: ${why}.`, {
    file: path,
    ...data,
  });
}

/** `data` says how much was to be written, and where it is known how much room there is. */
export function storageFull(data: Readonly<Record<string, unknown>>, cause?: unknown): CodedError {
  return new CodedError('storage_full', 'The browser has no room for this model.', data, cause);
}
