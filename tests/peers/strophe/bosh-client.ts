import { within } from "../support/wait.ts";
import { cutRequests, installDom } from "./dom.ts";

const WAIT_MS = 15_000;

/** An element as a test looks at it. */
interface Node {
  readonly nodeName: string;
  readonly textContent: string;
  getAttribute(name: string): string | null;
  getElementsByTagName(name: string): readonly Node[];
}

/** Of Strophe.js what is used here. */
interface Strophe {
  readonly Strophe: {
    readonly Status: { readonly [name: string]: number };
    readonly Connection: new (service: string, options?: object) => Connection;
    setLogLevel(level: number): void;
    readonly LogLevel: { readonly [name: string]: number };
  };
  readonly $iq: (attrs: object) => Builder;
  readonly $msg: (attrs: object) => Builder;
  readonly $pres: (attrs?: object) => Builder;
}

interface Builder {
  c(name: string, attrs?: object, text?: string): Builder;
  t(text: string): Builder;
}

interface Connection {
  readonly jid: string;
  connect(jid: string, password: string, told: (status: number) => void): void;
  disconnect(reason: string): void;
  hasResumed(): boolean;
  isStreamManagementEnabled(): boolean;
  reset(): void;
  send(stanza: Builder): void;
  sendIQ(stanza: Builder, done: (answer: Node) => void, failed: (answer: Node) => void): void;
  addHandler(handler: (stanza: Node) => boolean, ns: null, name: string): void;
}

/** Strophe.js over BOSH, as a page would use it. */
export class BoshClient {
  readonly #strophe: Strophe;
  readonly #connection: Connection;
  readonly #told: number[] = [];
  readonly #heard: Node[] = [];
  #wake: () => void = () => {};

  private constructor(strophe: Strophe, url: string, options: object) {
    this.#strophe = strophe;
    strophe.Strophe.setLogLevel(strophe.Strophe.LogLevel["FATAL"] ?? 4);
    this.#connection = new strophe.Strophe.Connection(url, options);
  }

  /** @param options of a connection of Strophe.js. */
  static async load(url: string, options: object = {}): Promise<BoshClient> {
    installDom();
    // the build for browsers: that for Node asks for another DOM
    const build = new URL("dist/strophe.esm.js", import.meta.resolve("strophe.js/package.json"));
    return new BoshClient((await import(build.href)) as Strophe, url, options);
  }

  get jid(): string {
    return this.#connection.jid;
  }

  get $iq(): Strophe["$iq"] {
    return this.#strophe.$iq;
  }

  get $msg(): Strophe["$msg"] {
    return this.#strophe.$msg;
  }

  get $pres(): Strophe["$pres"] {
    return this.#strophe.$pres;
  }

  /** The connection goes on with a former session (XEP-0198 §5). */
  get resumed(): boolean {
    return this.#connection.hasResumed();
  }

  /** The server counts what is sent (XEP-0198 §3). */
  get managed(): boolean {
    return this.#connection.isStreamManagementEnabled();
  }

  /** Begins to log in, anew if the connection was lost. */
  connect(jid: string, password: string): void {
    this.#told.length = 0;
    const connection = this.#connection;
    connection.connect(jid, password, (status) => {
      this.#told.push(status);
      this.#wake();
    });
    for (const name of ["message", "presence"]) {
      connection.addHandler(
        (stanza) => {
          this.#heard.push(stanza);
          this.#wake();
          return true;
        },
        null,
        name,
      );
    }
  }

  /** Waits for a status of the connection, by its name in Strophe.js. */
  status(name: string): Promise<void> {
    const status = this.#strophe.Strophe.Status[name];
    return this.#until(
      () => (status !== undefined && this.#told.includes(status) ? true : undefined),
      `the status ${name}, got ${this.#told.join()}`,
    ).then(() => {});
  }

  send(stanza: Builder): void {
    this.#connection.send(stanza);
  }

  ask(iq: Builder): Promise<Node> {
    const answered = new Promise<Node>((resolve, reject) =>
      this.#connection.sendIQ(iq, resolve, () => reject(new Error("the answer is an error"))),
    );
    return within(WAIT_MS, answered, () => new Error("an IQ has no answer"));
  }

  /** The next stanza with this name. */
  next(name: string): Promise<Node> {
    return this.#until(() => {
      const at = this.#heard.findIndex((stanza) => stanza.nodeName === name);
      return at < 0 ? undefined : this.#heard.splice(at, 1)[0];
    }, `<${name}/>`);
  }

  /** Says good-bye. */
  disconnect(): void {
    this.#connection.disconnect("the test is over");
  }

  /** Stops without a word, and leaves no timer behind. */
  end(): void {
    this.#connection.reset();
    cutRequests();
  }

  async #until<T>(look: () => T | undefined, what: string): Promise<T> {
    const late = (): Error => new Error(`waited for ${what}`);
    for (let found = look(); ; found = look()) {
      if (found !== undefined) return found;
      const more = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await within(WAIT_MS, more, late);
    }
  }
}
