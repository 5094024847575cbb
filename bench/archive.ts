/**
 * What archiving a message costs, for both sides together: chat between accounts of one server over
 * the SQLite storage, with the archive and without it, in turns. What is left out is the network.
 *
 *     node bench/archive.ts [messages = 60000] [rounds = 3] [directory]
 *
 * And how long the pages of an archive of 100,000 messages take, from one end to the other. It fails
 * if those of the other end take twice as long.
 *
 *     node bench/archive.ts pages [messages = 100000] [directory]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Jid, type ResultSetRequest, Stanza } from "../packages/protocol/src/index.ts";
import { systemRandom } from "../packages/server/src/clock.ts";
import { resolveConfig } from "../packages/server/src/config/resolve.ts";
import { createServer, type Server } from "../packages/server/src/index.ts";
import { readPage } from "../packages/server/src/modules/archive/pages.ts";
import { searchOf } from "../packages/server/src/modules/archive/search.ts";
import { type ArchiveStore, archiveSpec } from "../packages/server/src/modules/archive/store.ts";
import { Session } from "../packages/server/src/sessions/session.ts";
import { openStorage } from "../packages/server/src/storage/open.ts";
import { parseDocument } from "../packages/xml/src/index.ts";

const PEOPLE = 200;
/** How many messages are sent in one turn, as many clients at once do. */
const AT_ONCE = 20;
/** Messages that are not committed, at most. */
const UNDER_WAY = 2000;
const PAGE = 50;

const MESSAGE = `<message xmlns="jabber:client"><body>Wherefore art thou, Romeo? Deny thy father and refuse thy name</body><active xmlns="http://jabber.org/protocol/chatstates"/><request xmlns="urn:xmpp:receipts"/></message>`;

interface Cost {
  /** Microseconds of CPU for each message. */
  readonly main: number;
  readonly all: number;
}

const [, , ...args] = process.argv;
if (args[0] === "pages") await pages(Number(args[1] ?? 100_000), args[2] ?? tmpdir());
else await recording(Number(args[0] ?? 60_000), Number(args[1] ?? 3), args[2] ?? tmpdir());

async function recording(messages: number, rounds: number, parent: string): Promise<void> {
  const without: Cost[] = [];
  const archived: Cost[] = [];
  for (let round = 0; round < rounds; round++) {
    without.push(await measure(false, messages, parent));
    archived.push(await measure(true, messages, parent));
  }
  const [off, on] = [median(without), median(archived)];
  console.log(`without the archive: ${text(off)}`);
  console.log(`with the archive:    ${text(on)}`);
  console.log(`archiving:           ${text({ main: on.main - off.main, all: on.all - off.all })}`);
}

async function pages(messages: number, parent: string): Promise<void> {
  const directory = mkdtempSync(join(parent, "rookery-bench-"));
  try {
    const storage = await openStorage({ driver: "sqlite", directory });
    const store = await storage.log(archiveSpec(false));
    const owner = "romeo@example.org";
    for (let n = 0; n < messages; n++) {
      const entry = { id: `m${n}`, at: n, with: "juliet@example.org", value: MESSAGE };
      const done = store.append(owner, entry);
      if (n % 1000 === 999) await done;
    }
    await storage.flush();
    for (const backward of [false, true]) await walk(store, owner, messages, backward);
    await storage.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Page after page, as a client goes through its archive. */
async function walk(
  store: ArchiveStore,
  owner: string,
  messages: number,
  backward: boolean,
): Promise<void> {
  const times: number[] = [];
  const { limits } = resolveConfig({});
  let from: ResultSetRequest = backward ? { before: "" } : {};
  for (let seen = 0; seen < messages; ) {
    const started = performance.now();
    const query = { filter: {}, flipPage: false, page: { max: PAGE, ...from } };
    const search = await searchOf(store, owner, query, limits);
    const { entries, set } = await readPage(store, search, limits.archivePageBytes);
    times.push(performance.now() - started);
    seen += entries.length;
    from = backward ? { before: set.first } : { after: set.last };
    if (entries.length === 0) throw new Error(`the pages end after ${seen} messages`);
  }
  const tenth = Math.ceil(times.length / 10);
  const middle = (of: readonly number[]): number =>
    of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)] ?? 0;
  const [first, last] = [middle(times.slice(0, tenth)), middle(times.slice(-tenth))];
  console.log(
    `${messages} messages in pages of ${PAGE}, ${backward ? "backward" : "forward"}: ` +
      `${first.toFixed(2)} ms for one of the first, ${last.toFixed(2)} ms for one of the last`,
  );
  if (last > 2 * first) process.exitCode = 1;
}

function text({ main, all }: Cost): string {
  return `${main.toFixed(1)} µs in the main thread, ${all.toFixed(1)} µs in all`;
}

function median(costs: readonly Cost[]): Cost {
  const middle = (of: (cost: Cost) => number): number =>
    costs.map(of).toSorted((a, b) => a - b)[Math.floor(costs.length / 2)] ?? 0;
  return { main: middle(({ main }) => main), all: middle(({ all }) => all) };
}

async function measure(archive: boolean, messages: number, parent: string): Promise<Cost> {
  const data = mkdtempSync(join(parent, "rookery-bench-"));
  try {
    const server = await createServer({
      domains: [{ name: "example.org" }],
      data,
      auth: { requireTls: false },
      listen: { c2s: false, c2sTls: false, http: false, https: false },
      // without the archive, it would keep the messages in its place
      modules: { offline: false, ...(archive ? {} : { archive: false }) },
    });
    const people = await logIn(server);
    await chat(server, people, messages / 3);
    const cost = await chat(server, people, messages);
    await server.stop();
    return cost;
  } finally {
    rmSync(data, { recursive: true });
  }
}

/** Everyone is there, and what they are sent is written as for a stream. */
async function logIn(server: Server): Promise<readonly Session[]> {
  const people: Session[] = [];
  const host = server.host("example.org");
  for (let n = 0; n < PEOPLE; n++) {
    const jid = Jid.parse(`user${n}@example.org/phone`);
    await host.accounts.createWithKeys(jid.bare, {});
    let unread: string[] = [];
    const read = (): void => {
      host.taken(session, unread);
      unread = [];
    };
    const outlet = {
      send: (stanza: Stanza, kept?: string) => {
        Buffer.byteLength(stanza.toXml());
        if (kept !== undefined && unread.push(kept) === 1) setImmediate(read);
      },
      close: () => {},
      flushed: () => Promise.resolve(),
      maxQueuedBytes: 1_000_000,
      leftovers: () => [],
    };
    const session: Session = new Session(jid, Date.now(), outlet, systemRandom.id());
    server.sessions.add(session);
    host.began(session);
    await host.send(session, new Stanza({ kind: "presence", type: "available", from: jid }));
    people.push(session);
  }
  return people;
}

async function chat(server: Server, people: readonly Session[], count: number): Promise<Cost> {
  const host = server.host("example.org");
  const { children } = parseDocument(MESSAGE);
  const main = process.threadCpuUsage();
  const all = process.cpuUsage();
  for (let n = 0; n < count; n++) {
    const session = people[(n * 7919) % PEOPLE] as Session;
    const to = people[(n * 104_729 + 1) % PEOPLE]?.jid.bare;
    const id = `m${count}-${n}`;
    const fields = { kind: "message", type: "chat", from: session.jid, to, id, children } as const;
    const done = host.send(session, new Stanza(fields));
    if (done instanceof Promise) await done;
    if (n % AT_ONCE === 0) await new Promise(setImmediate);
    if (n % UNDER_WAY === 0 || n === count - 1) await committed(server, `${count}-${n}`);
  }
  const mainUsed = process.threadCpuUsage(main);
  const allUsed = process.cpuUsage(all);
  return {
    main: (mainUsed.user + mainUsed.system) / count,
    all: (allUsed.user + allUsed.system) / count,
  };
}

/** Writes are committed in the order they were asked for: with this one, all before it are. */
async function committed(server: Server, name: string): Promise<void> {
  const account = Jid.parse(`mark-${name}@example.org`);
  await server.host("example.org").accounts.createWithKeys(account, {});
}
