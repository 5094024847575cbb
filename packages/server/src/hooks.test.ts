import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, Stanza } from "@rookery/protocol";
import { chain, collect, flow, Hooks, signal } from "./hooks.ts";

interface Event {
  readonly stanza: Stanza;
}

const answers = chain<string, number, "early" | "late">("answers", ["early", "late"]);
const way = flow<Event, "reject" | "rewrite" | "deliver">("way", ["reject", "rewrite", "deliver"]);
const gifts = collect<void, string>("gifts");
const news = signal<string>("news");

const stanza = (id: string): Stanza =>
  new Stanza({ kind: "message", type: "chat", id, from: Jid.parse("romeo@example.org") });

function hooks(errors: string[] = []): Hooks {
  return new Hooks((hook, owner, error) => errors.push(`${hook} ${owner} ${String(error)}`));
}

test("a chain asks in the order of its phases, whatever the order of registration", () => {
  const asked: string[] = [];
  const all = hooks();
  all.add(answers, "late", "b", () => void asked.push("late b"));
  all.add(answers, "early", "a", () => void asked.push("early a"));
  all.add(answers, "early", "c", () => void asked.push("early c"));
  assert.equal(all.run(answers, "?"), undefined);
  assert.deepEqual(asked, ["early a", "early c", "late b"]);
});

test("the first answer of a chain wins, and is there at once if nobody had to wait", () => {
  const all = hooks();
  all.add(answers, "early", "a", () => undefined);
  all.add(answers, "early", "b", () => 2);
  all.add(answers, "late", "c", () => assert.fail("asked after an answer"));
  assert.equal(all.run(answers, "?"), 2);
});

test("a chain goes on after a handler that had to wait", async () => {
  const all = hooks();
  all.add(answers, "early", "a", async () => undefined);
  all.add(answers, "late", "b", (event: string) => event.length);
  const answer = all.run(answers, "four");
  assert.ok(answer instanceof Promise);
  assert.equal(await answer, 4);
});

test("a flow hands on the stanza that a handler put in the place of another", async () => {
  for (const wait of [false, true]) {
    const seen: (string | undefined)[] = [];
    const all = hooks();
    all.add(way, "deliver", "c", (event: Event) => void seen.push(event.stanza.id));
    all.add(way, "rewrite", "b", () => (wait ? Promise.resolve(stanza("new")) : stanza("new")));
    all.add(way, "reject", "a", (event: Event) => void seen.push(event.stanza.id));
    const event: Event = { stanza: stanza("old") };
    const led = await all.lead(way, event);
    assert.deepEqual(seen, ["old", "new"]);
    assert.equal(led?.stanza.id, "new");
    assert.equal(event.stanza.id, "old");
  }
});

test("a flow ends where a handler has handled the stanza, or throws", async () => {
  const all = hooks();
  const remove = all.add(way, "reject", "a", () => "handled");
  all.add(way, "deliver", "b", () => assert.fail("handled already"));
  assert.equal(all.lead(way, { stanza: stanza("x") }), undefined);
  remove();
  all.add(way, "rewrite", "c", () => {
    throw new Error("refused");
  });
  assert.throws(() => all.lead(way, { stanza: stanza("x") }), /refused/);
  all.add(way, "reject", "d", async () => undefined);
  await assert.rejects(async () => all.lead(way, { stanza: stanza("x") }), /refused/);
});

test("an unknown flow or chain lets everything pass", () => {
  const event: Event = { stanza: stanza("x") };
  assert.equal(hooks().lead(way, event), event);
  assert.equal(hooks().run(answers, "?"), undefined);
  assert.deepEqual(hooks().gather(gifts, undefined), []);
});

test("everything that is given is gathered", () => {
  const all = hooks();
  all.add(gifts, "", "a", () => ["gold"]);
  all.add(gifts, "", "b", () => new Set(["frankincense", "myrrh"]));
  assert.deepEqual(all.gather(gifts, undefined), ["gold", "frankincense", "myrrh"]);
});

test("the error of one who is told reaches the log and not the others", async () => {
  const errors: string[] = [];
  const told: string[] = [];
  const all = hooks(errors);
  all.add(news, "", "a", () => {
    throw new Error("at once");
  });
  all.add(news, "", "b", async () => {
    throw new Error("later");
  });
  all.add(news, "", "c", (event: string) => void told.push(event));
  all.emit(news, "hear");
  await Promise.resolve();
  assert.deepEqual(told, ["hear"]);
  assert.deepEqual(errors, ["news a Error: at once", "news b Error: later"]);
});

test("a handler that is removed while the others are asked does not disturb them", () => {
  const told: string[] = [];
  const all = hooks();
  const removeFirst = all.add(news, "", "a", () => {
    told.push("a");
    removeFirst();
  });
  all.add(news, "", "b", () => void told.push("b"));
  all.emit(news, "1");
  all.emit(news, "2");
  assert.deepEqual(told, ["a", "b", "b"]);
});

test("a phase that a hook does not have is refused", () => {
  assert.throws(
    () => hooks().add(answers, "sometime", "a", () => 1),
    /no phase "sometime"; it has early, late/,
  );
});
