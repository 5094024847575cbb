/**
 * What Converse.js puts into the page where a style sheet of its own would be, had it not been built to
 * be loaded as one file: nothing, and then a comment. Both by their digests, which let nothing else in.
 */
const NO_STYLES = [
  "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
  "'sha256-JRf3eZJIF59VkE1tlxlBPiCQXjGJ1uE88pEYh49RtTY='",
];

/**
 * The content security policy of the chat (CSP level 3): everything is ours.
 *
 * - `'wasm-unsafe-eval'`: the cryptography of OMEMO is WebAssembly. It lets no script run from text.
 * - `style-src-attr`: templates of Converse.js place things by `style="…"`. Styles of a whole sheet
 *   come from us.
 * - `data:` pictures: icons in the style sheet, and avatars, which come over XMPP.
 * - `blob:` pictures, sounds and films: files that were decrypted, or that somebody is about to send.
 *
 * @param elsewhere the origin of the web as it is configured, where a page was asked under another
 *   name: files that were uploaded are there.
 */
export function chatPolicy(elsewhere: string | undefined): string {
  const ours = elsewhere === undefined ? "'self'" : `'self' ${elsewhere}`;
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    `style-src 'self' ${NO_STYLES.join(" ")}`,
    "style-src-attr 'unsafe-inline'",
    `img-src ${ours} data: blob:`,
    `media-src ${ours} blob:`,
    "font-src 'self'",
    `connect-src ${ours}`,
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
