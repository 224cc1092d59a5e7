/** The package's native binding, which has no types of its own: only what is used here. */
declare module 'secp256k1/bindings.js' {
  export interface Bindings {
    /** @throws Error where no key fits */
    ecdsaRecover(
      signature: Uint8Array,
      recovery: number,
      digest: Uint8Array,
      compressed: boolean,
    ): Uint8Array;
  }
  const bindings: Bindings;
  export default bindings;
}
