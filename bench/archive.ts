/**
 * What archiving a message costs, for both sides together: chat between accounts of one server over
 * the SQLite storage, with the archive and without it, in turns. What is left out is the network, and
 * all other modules.
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
import {
  type ArchiveFin,
  archiveFin,
  archiveQuery,
  Jid,
  type ResultSetRequest,
  Stanza,
} from "../packages/protocol/src/index.ts";
import { systemRandom } from "../packages/server/src/clock.ts";
import { createServer, type Server } from "../packages/server/src/index.ts";
import { Session } from "../packages/server/src/sessions/session.ts";
import { type Element, parseDocument } from "../packages/xml/src/index.ts";

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
  await withServer(parent, {}, async (server) => {
    const people = await logIn(server, 2);
    await chat(server, people, messages);
    const reader = await readerOf(server, people[0] as Session);
    for (const backward of [false, true]) await walk(reader, messages, backward);
  });
}

/** Asks for a page; gives its end, once all of it has come. */
type Reader = (page: Element) => Promise<ArchiveFin>;

/** A client of the same account that reads its archive. */
async function readerOf(server: Server, { jid }: Session): Promise<Reader> {
  let answered: ((answer: Stanza) => void) | undefined;
  const reader = new Session(jid.bare.withResource("reader"), Date.now(), {
    send: (stanza) => {
      Buffer.byteLength(stanza.toXml());
      if (stanza.kind === "iq") answered?.(stanza);
    },
    close: () => {},
    flushed: () => Promise.resolve(),
    maxQueuedBytes: 1_000_000,
    leftovers: () => [],
  });
  server.sessions.add(reader);
  return async (query) => {
    const answer = Promise.withResolvers<Stanza>();
    answered = answer.resolve;
    const fields = {
      kind: "iq",
      type: "set",
      id: "q",
      from: reader.jid,
      children: [query],
    } as const;
    void server.host("example.org").send(reader, new Stanza(fields));
    const fin = (await answer.promise).child(archiveFin.ns, archiveFin.name);
    if (fin === undefined) throw new Error("the archive answers with an error");
    return archiveFin.read(fin);
  };
}

/** Page after page, as a client goes through its archive. */
async function walk(read: Reader, messages: number, backward: boolean): Promise<void> {
  const times: number[] = [];
  let from: ResultSetRequest = backward ? { before: "" } : {};
  for (let complete = false; !complete; ) {
    const page = { max: PAGE, ...from };
    const query = archiveQuery.write({ filter: {}, flipPage: false, page });
    const started = performance.now();
    const fin = await read(query);
    times.push(performance.now() - started);
    ({ complete } = fin);
    from = backward ? { before: fin.page?.first } : { after: fin.page?.last };
  }
  if (times.length !== Math.ceil(messages / PAGE))
    throw new Error(`there were ${times.length} pages`);
  const tenth = Math.ceil(times.length / 10);
  const middle = (of: readonly number[]): number =>
    of.toSorted((x, y) => x - y)[Math.floor(of.length / 2)] ?? 0;
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
  let cost: Cost = { main: 0, all: 0 };
  await withServer(parent, archive ? {} : { archive: false }, async (server) => {
    const people = await logIn(server, PEOPLE);
    await chat(server, people, messages / 3);
    cost = await chat(server, people, messages);
  });
  return cost;
}

async function withServer(
  parent: string,
  modules: Record<string, false>,
  work: (server: Server) => Promise<void>,
): Promise<void> {
  const data = mkdtempSync(join(parent, "rookery-bench-"));
  try {
    const server = await createServer({
      domains: [{ name: "example.org" }],
      data,
      auth: { requireTls: false },
      listen: { c2s: false, c2sTls: false, http: false, https: false },
      modules,
    });
    // others act on what is archived, or keep what is not
    const loaded = server.host("example.org").modules;
    for (const name of loaded.names.toReversed()) if (name !== "archive") loaded.unload(name);
    await work(server);
    await server.stop();
  } finally {
    rmSync(data, { recursive: true });
  }
}

/** Everyone is there, and what they are sent is written as for a stream. */
async function logIn(server: Server, count: number): Promise<readonly Session[]> {
  const people: Session[] = [];
  const host = server.host("example.org");
  for (let n = 0; n < count; n++) {
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
    const session = people[(n * 7919) % people.length] as Session;
    const to = people[(n * 104_729 + 1) % people.length]?.jid.bare;
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
