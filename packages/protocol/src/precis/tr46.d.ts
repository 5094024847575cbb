/** The part of `tr46` 7 that is used here; the package has no types of its own. */
declare module "tr46" {
  interface ProcessingOptions {
    readonly checkHyphens?: boolean;
    readonly checkBidi?: boolean;
    readonly checkJoiners?: boolean;
    readonly useSTD3ASCIIRules?: boolean;
    readonly transitionalProcessing?: boolean;
    readonly ignoreInvalidPunycode?: boolean;
  }

  const tr46: {
    /** UTS #46 §4.2 ToASCII; null where there is an error. */
    toASCII(
      domain: string,
      options?: ProcessingOptions & { readonly verifyDNSLength?: boolean },
    ): string | null;
    /** UTS #46 §4.3 ToUnicode. */
    toUnicode(
      domain: string,
      options?: ProcessingOptions,
    ): { readonly domain: string; readonly error: boolean };
  };
  export default tr46;
}
