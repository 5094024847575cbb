import { encode } from "uqr";
import { Markup } from "./markup.ts";

/** So much white around it, in modules (ISO/IEC 18004 §9.1 asks for 4). */
const QUIET = 4;

/**
 * A QR code as a picture in the page: dark on white in every theme, as cameras want it.
 * @param label what it is, for those who do not see it.
 */
export function qrCode(text: string, label: Markup): Markup {
  const { data, size } = encode(text, { ecc: "M", border: QUIET });
  const dark: string[] = [];
  for (const [y, row] of data.entries()) {
    for (const [x, isDark] of row.entries()) if (isDark) dark.push(`M${x} ${y}h1v1h-1z`);
  }
  return new Markup(
    `<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label="${label.text}" shape-rendering="crispEdges">` +
      `<rect width="${size}" height="${size}" fill="#fff"/><path d="${dark.join("")}" fill="#000"/></svg>`,
  );
}
