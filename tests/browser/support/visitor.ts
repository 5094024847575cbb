import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { overflow, unreadable } from "./look.ts";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
/** Pictures of what was seen, for those who look after the tests. */
const PICTURES = process.env["ROOKERY_SCREENSHOTS"] ?? join("out", "screenshots");
const WAIT_MS = 20_000;

/** A browser that ends with the test. */
export async function openBrowser(t: TestContext): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    // its sandbox cannot be had by root, nor much shared memory in a container
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  t.after(() => browser.close());
  return browser;
}

/** For a test, in milliseconds. */
export const LIMIT = { timeout: 120_000 } as const;
export const PHONE = { width: 360, height: 740 } as const;
export const DESKTOP = { width: 1280, height: 800 } as const;

/** What a visitor is to be. */
export interface VisitorOptions extends BrowserContextOptions {
  /** Nothing but BOSH gets through. */
  readonly withoutWebSocket?: boolean;
}

/** Somebody with a browser of their own, whose every request and complaint is noted. */
export class Visitor {
  readonly page: Page;
  readonly #origin: string;
  readonly #complaints: string[] = [];
  readonly #elsewhere: string[] = [];
  /** The addresses of all WebSockets that were opened. */
  readonly sockets: string[] = [];
  /** The paths that were asked for. */
  readonly asked: string[] = [];

  private constructor(page: Page, origin: string) {
    this.page = page;
    this.#origin = origin;
    page.setDefaultTimeout(WAIT_MS);
    page.on("console", (message) => {
      if (message.type() === "error") {
        this.#complaints.push(`${message.text()} (${message.location().url})`);
      }
    });
    page.on("pageerror", (error) => this.#complaints.push(error.message));
    page.on("request", (request) => this.#note(request.url()));
    page.on("websocket", (socket) => {
      this.sockets.push(socket.url());
      this.#note(socket.url().replace(/^ws/, "http"));
    });
  }

  static async arrive(
    browser: Browser,
    origin: string,
    { withoutWebSocket = false, ...options }: VisitorOptions = {},
  ): Promise<Visitor> {
    const context = await browser.newContext({ viewport: DESKTOP, ...options });
    if (withoutWebSocket) {
      await context.routeWebSocket(/.*/, (socket) => void socket.close({ code: 1001 }));
      await context.addInitScript(() => {
        // as behind a proxy that knows no WebSocket: none is ever opened
        Object.assign(globalThis, { WebSocket: BrokenWebSocket });
        function BrokenWebSocket(): EventTarget {
          const socket = Object.assign(new EventTarget(), { close() {}, send() {}, readyState: 3 });
          setTimeout(() => socket.dispatchEvent(new Event("error")), 10);
          return socket;
        }
      });
    }
    return new Visitor(await context.newPage(), origin);
  }

  /** Logs in on the page of the chat, which is open already or is opened. */
  async logIn(name: string, password: string): Promise<void> {
    const { page } = this;
    const isThere = await page.locator("#converse-login-jid").isVisible();
    if (!isThere) await page.goto(`${this.#origin}/`);
    await page.fill("#converse-login-jid", name);
    await page.fill("#converse-login-password", password);
    await page.click("#converse-login button[type=submit]");
    await page.locator("converse-user-profile .xmpp-status").waitFor();
  }

  /** Opens a chat with somebody. */
  async openChat(jid: string): Promise<void> {
    await this.page.evaluate((to) => {
      location.hash = `#converse/chat?jid=${to}`;
    }, jid);
    await this.page.locator("converse-chat textarea.chat-textarea").waitFor();
  }

  /** Says something in the chat that is open. */
  async says(text: string): Promise<void> {
    const field = this.page.locator("textarea.chat-textarea");
    await field.fill(text);
    await field.press("Enter");
  }

  /** Waits until a message is shown. */
  async sees(text: string): Promise<void> {
    await this.page.locator(".chat-msg__text", { hasText: text }).first().waitFor();
  }

  /** Everything that is shown as said, in order. */
  async messages(): Promise<string[]> {
    const texts = await this.page.locator(".chat-msg__text").allInnerTexts();
    return texts.map((text) => text.trim());
  }

  /** That the page is fit to be looked at, in light and dark; keeps pictures of it. */
  async looksWell(name: string): Promise<void> {
    mkdirSync(PICTURES, { recursive: true });
    for (const colorScheme of ["light", "dark"] as const) {
      await this.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await this.page.waitForTimeout(100); // for what follows from the change
      await this.page.waitForFunction(() =>
        document.getAnimations().every(({ playState }) => playState !== "running"),
      );
      await this.page.screenshot({ path: join(PICTURES, `${name}-${colorScheme}.png`) });
      assert.deepEqual(await overflow(this.page), [], `${name} is wider than the window`);
      const dim = await unreadable(this.page);
      assert.deepEqual(dim, [], `${name} cannot be read well (${colorScheme})`);
    }
    await this.page.emulateMedia({ colorScheme: null });
  }

  /** That nothing went to others, and nothing was complained of. */
  wasQuiet(): void {
    assert.deepEqual(this.#elsewhere, [], "requests left the server's origin");
    assert.deepEqual(this.#complaints, [], "the browser complained");
  }

  /** Takes note of complaints that are expected, and forgets them. */
  takeComplaints(): readonly string[] {
    return this.#complaints.splice(0);
  }

  #note(url: string): void {
    if (/^(?:data|blob|about):/.test(url)) return;
    const { origin, pathname } = new URL(url);
    this.asked.push(pathname);
    if (origin !== this.#origin) this.#elsewhere.push(url);
  }
}
