/**
 * What archiving a message costs, for both sides together: chat between accounts of one server over
 * the SQLite storage, with the archive and without it, in turns. What is left out is the network.
 *
 *     node bench/archive.ts [messages = 60000] [rounds = 3] [directory]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Jid, Stanza } from "../packages/protocol/src/index.ts";
import { systemRandom } from "../packages/server/src/clock.ts";
import { createServer, type Server } from "../packages/server/src/index.ts";
import { Session } from "../packages/server/src/sessions/session.ts";
import { parseDocument } from "../packages/xml/src/index.ts";

const PEOPLE = 200;
/** How many messages are sent in one turn, as many clients at once do. */
const AT_ONCE = 20;

const MESSAGE = `<message xmlns="jabber:client"><body>Wherefore art thou, Romeo? Deny thy father and refuse thy name</body><active xmlns="http://jabber.org/protocol/chatstates"/><request xmlns="urn:xmpp:receipts"/></message>`;

const messages = Number(process.argv[2] ?? 60_000);
const rounds = Number(process.argv[3] ?? 3);
const parent = process.argv[4] ?? tmpdir();

interface Cost {
  /** Microseconds of CPU for each message. */
  readonly main: number;
  readonly all: number;
}

const without: Cost[] = [];
const archived: Cost[] = [];
for (let round = 0; round < rounds; round++) {
  without.push(await measure(false));
  archived.push(await measure(true));
}
const [off, on] = [median(without), median(archived)];
console.log(`without the archive: ${text(off)}`);
console.log(`with the archive:    ${text(on)}`);
console.log(`archiving:           ${text({ main: on.main - off.main, all: on.all - off.all })}`);

function text({ main, all }: Cost): string {
  return `${main.toFixed(1)} µs in the main thread, ${all.toFixed(1)} µs in all`;
}

function median(costs: readonly Cost[]): Cost {
  const middle = (of: (cost: Cost) => number): number =>
    costs.map(of).toSorted((a, b) => a - b)[Math.floor(costs.length / 2)] ?? 0;
  return { main: middle(({ main }) => main), all: middle(({ all }) => all) };
}

async function measure(archive: boolean): Promise<Cost> {
  const data = mkdtempSync(join(parent, "rookery-bench-"));
  try {
    const server = await createServer({
      domains: [{ name: "example.org" }],
      data,
      auth: { requireTls: false },
      listen: { c2s: false, c2sTls: false, http: false, https: false },
      ...(archive ? {} : { modules: { archive: false } }),
    });
    const people = await logIn(server);
    await chat(server, people, messages / 10);
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
  }
  // writes are committed in order: with this one, all are
  await host.accounts.createWithKeys(Jid.parse(`last${count}@example.org`), {});
  const mainUsed = process.threadCpuUsage(main);
  const allUsed = process.cpuUsage(all);
  return {
    main: (mainUsed.user + mainUsed.system) / count,
    all: (allUsed.user + allUsed.system) / count,
  };
}
