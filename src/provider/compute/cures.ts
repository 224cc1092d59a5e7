const RELAY_WRONG =
  'Stop lending here, and tell whoever runs this relay. Your vouchers and receipts are kept: they are your proof.';

const cures: Readonly<Record<string, string>> = {
  webgpu_missing:
    'Use a recent Chrome, Edge, Safari or Firefox with graphics acceleration on, or choose the wasm backend.',
  adapter_missing: 'Turn graphics acceleration on in the browser’s settings, or choose the wasm backend.',
  software_adapter_refused: 'Turn graphics acceleration on, or allow the software adapter in the settings.',
  model_unknown: 'Choose another model.',
  model_corrupt: 'Press start again to download it afresh. If it happens again, tell whoever runs this page.',
  download_failed: 'Check the connection and press start again: what was downloaded is kept.',
  storage_full: 'Free some space in the browser’s site data or on the disk, and press start again.',
  storage_failed: 'Allow this site to store data, and leave private browsing if you are in it.',
  out_of_memory: 'Choose a smaller model or fewer streams, or close other programs that use the GPU.',
  device_lost:
    'Press start again. If it happens often, update the graphics driver or lower the number of streams.',
  output_not_finite:
    'Press start again. If it happens again, this GPU computes this model wrongly: choose another variant.',
  lending_elsewhere: 'Another tab of this browser is lending already. Go there, or close it.',
  replaced: 'The wallet lends from another tab or machine now. Stop it there, then press start.',
  account_unproven: 'Check that this is the right relay, then press start.',
  version_unsupported: 'Reload the page to get the current version.',
  relay_url_invalid: 'Enter an address that begins with wss:// or ws:// in the settings.',
  credit_limit: 'Ask to be paid now, or raise the limit in the settings if you trust this relay.',
  earnings_differ: RELAY_WRONG,
  voucher_lower: RELAY_WRONG,
  voucher_signature: RELAY_WRONG,
  voucher_wrong_hub: RELAY_WRONG,
  voucher_wrong_payee: RELAY_WRONG,
  key_unreadable: 'Restore the wallet from your backup.',
  gpu_miscomputes:
    'Update the graphics driver or the browser. Until then, choose the wasm backend: this GPU gives wrong results.',
  model_unsupported: 'Choose another model or variant.',
  manifest_mismatch: 'Tell whoever published this model: its manifest does not describe its graph.',
  manifest_invalid: 'Check the address of the manifest, or tell whoever published this model.',
  graph_invalid: 'Tell whoever published this model: its graph is damaged.',
  f16_missing: 'Choose the q4 or fp32 variant of this model.',
  adapter_too_small: 'Choose a smaller model, or a variant with smaller weights.',
  model_file_missing: 'Tell whoever runs this page: a file of the model is missing.',
  engine_failed: 'Press start again. If it happens again, choose another model or the wasm backend.',
  signer_gone: 'Reload the page.',
};

/** What the owner can do about an error: one sentence. */
export function cureOf(code: string): string {
  return cures[code] ?? 'Press start again. If it happens again, reload the page.';
}
