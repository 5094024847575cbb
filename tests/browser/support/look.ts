import type { Page } from "playwright-core";

/** The elements that stand out of the window to the right, if the page can be scrolled there. */
export function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth && document.body.scrollWidth <= clientWidth) return [];
    return [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
      .map((element) => `${element.tagName} ${element.className}`)
      .slice(0, 5);
  });
}

/**
 * Texts with too little contrast (WCAG 2.2 §1.4.3: 4.5 to 1, or 3 to 1 for large ones), each with its
 * ratio.
 */
export function unreadable(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    type Colour = readonly [red: number, green: number, blue: number, alpha: number];
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    const pen = canvas.getContext("2d", { willReadFrequently: true });

    /** Any colour that CSS knows. */
    function colourOf(css: string): Colour {
      if (pen === null) throw new Error("there is no canvas");
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = css;
      pen.fillRect(0, 0, 1, 1);
      const [red = 0, green = 0, blue = 0, alpha = 0] = pen.getImageData(0, 0, 1, 1).data;
      return [red, green, blue, alpha / 255];
    }

    function over(top: Colour, below: Colour): Colour {
      const mix = (a: number, b: number): number => a * top[3] + b * (1 - top[3]);
      return [mix(top[0], below[0]), mix(top[1], below[1]), mix(top[2], below[2]), 1];
    }

    /** What stands behind everything is the browser's own. */
    const canvasColour = colourOf("Canvas");

    function groundOf(element: Element | null): Colour {
      if (element === null) return canvasColour;
      const { backgroundColor, backgroundImage } = getComputedStyle(element);
      const flat =
        /^linear-gradient\((rgba?\([^)]*\)) 0px, \1 0px\)|^linear-gradient\((rgba?\([^)]*\)) 0px 0px\)/;
      const [, one, other] = flat.exec(backgroundImage) ?? [];
      const own = colourOf(backgroundColor);
      const ground = own[3] === 1 ? own : over(own, groundOf(element.parentElement));
      const veil = one ?? other;
      return veil === undefined ? ground : over(colourOf(veil), ground);
    }

    function light([red, green, blue]: Colour): number {
      const linear = (value: number): number => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      };
      return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    }

    function opacityOf(element: Element | null): number {
      if (element === null) return 1;
      return Number(getComputedStyle(element).opacity) * opacityOf(element.parentElement);
    }

    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = node.textContent?.trim() ?? "";
      if (element === null || text === "" || element.closest("noscript, script, style, option"))
        continue;
      if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
      const range = document.createRange();
      range.selectNode(node);
      const box = range.getBoundingClientRect();
      if (box.width < 1 || box.height < 1 || box.left >= innerWidth || box.top >= innerHeight)
        continue;
      const style = getComputedStyle(element);
      const size = Number.parseFloat(style.fontSize);
      const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      const ground = groundOf(element);
      const [red, green, blue, alpha] = colourOf(style.color);
      const shown = over([red, green, blue, alpha * opacityOf(element)], ground);
      const [low = 0, high = 0] = [light(shown), light(ground)].toSorted((a, b) => a - b);
      const ratio = (high + 0.05) / (low + 0.05);
      if (ratio < (isLarge ? 3 : 4.5)) {
        const place = `${element.tagName.toLowerCase()}.${element.className}`;
        found.push(`${ratio.toFixed(2)} "${text.slice(0, 40)}" ${place} ${style.color}`);
      }
    }
    return found;
  });
}
