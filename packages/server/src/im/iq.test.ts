import assert from "node:assert/strict";
import { test } from "node:test";
import { type Codec, codec, StanzaError } from "@rookery/protocol";
import { conversation } from "@rookery/testkit";
import { type Element, el } from "@rookery/xml";
import { defineModule, type Module, type NoOptions } from "../host.ts";
import { type IqEvent, iqFlow } from "./contract.ts";

const cast = {
  romeo: "romeo@example.org/balcony",
  orchard: "romeo@example.org/orchard",
  juliet: "juliet@example.org/chamber",
} as const;

const QUERY = "<query xmlns='urn:example:unknown'>?</query>";

const error = (condition: string, type = "cancel", payload = QUERY): string =>
  `<iq type='error' id='q1'>${payload}<error type='${type}'>
    <${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
    <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error></iq>`;

const ask = (to: string, type = "get", payload = QUERY): string =>
  `<iq type='${type}' id='q1' ${to && `to='${to}'`}>${payload}</iq>`;

const OPEN = "<open xmlns='urn:example:questions'/>";
const SECRET = "<secret xmlns='urn:example:questions'/>";

const question = (name: string): Codec<object> => {
  const ns = "urn:example:questions";
  return codec({ ns, name, read: () => ({}), write: () => el(ns, name) });
};

/** Answers one question for the host and for one's own account; another it answers to nobody. */
const questions: Module<NoOptions, void> = defineModule({
  name: "questions",
  implements: [],
  setup(host) {
    for (const target of ["host", "own"] as const)
      host.iq(target, "get", question("open"), () => {});
    host.iq("account", "get", question("secret"), () => {
      throw new StanzaError("service-unavailable");
    });
  },
});

test(
  "RFC 6121 §8.5.3.1: a request to a connected resource is the client's to answer, available or not",
  conversation(cast, async ({ romeo, juliet, orchard }) => {
    for (const type of ["get", "set"]) {
      await romeo.sends(ask("juliet@example.org/chamber", type));
      await juliet.receives(
        `<iq type='${type}' id='q1' from='romeo@example.org/balcony' to='juliet@example.org/chamber'>
          ${QUERY}</iq>`,
      );
      await juliet.sends(
        "<iq type='result' id='q1' to='romeo@example.org/balcony'><query xmlns='urn:example:unknown'>!</query></iq>",
      );
      await romeo.receives(
        `<iq type='result' id='q1' from='juliet@example.org/chamber'>
          <query xmlns='urn:example:unknown'>!</query></iq>`,
      );
    }
    await juliet.sends(
      `<iq type='error' id='q2' to='romeo@example.org/balcony'>${QUERY}<error type='cancel'>
        <forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
    );
    await romeo.receives(
      `<iq type='error' id='q2' from='juliet@example.org/chamber'>${QUERY}<error type='cancel'>
        <forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
    );
    await orchard.receivesNothing();
  }),
);

test(
  "RFC 6120 §8.4, RFC 6121 §8.5: what nobody offers is service-unavailable, from the address that was asked",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await stage.accounts("offline@example.org");
    const answers = new Set<string>();
    for (const to of [
      "juliet@example.org",
      "offline@example.org",
      "nobody@example.org",
      "juliet@example.org/gone",
      "offline@example.org/gone",
      "nobody@example.org/gone",
    ]) {
      for (const type of ["get", "set"]) {
        const answer = await romeo.asks(ask(to, type), error("service-unavailable"));
        assert.equal(answer.attr("from"), to);
        assert.equal(answer.attr("to"), "romeo@example.org/balcony");
        answers.add(JSON.stringify(answer.children));
      }
    }
    // SECURITY: unknown and known users look alike
    assert.equal(answers.size, 1);
    for (const to of [
      "",
      "romeo@example.org",
      "example.org",
      "example.org/x",
      "romeo@example.org/gone",
    ]) {
      await romeo.asks(ask(to), error("service-unavailable"));
    }
    await juliet.receivesNothing();
  }),
);

test(
  "SECURITY: an account that hides from the asker refuses in the words of one that there is not",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await stage.server.host("example.org").modules.load(questions, {});
    const answers = new Set<string>();
    for (const to of ["juliet@example.org", "nobody@example.org"]) {
      const answer = await romeo.asks(
        ask(to, "get", SECRET),
        error("service-unavailable", "cancel", SECRET),
      );
      answers.add(JSON.stringify(answer.children));
    }
    assert.equal(answers.size, 1);
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6120 §10.3.3, §10.5.1: the server answers for the account, and for itself",
  conversation(cast, async ({ romeo, orchard, stage }) => {
    await stage.server.host("example.org").modules.load(questions, {});
    await romeo.asks(ask("", "get", OPEN), "<iq type='result' id='q1' from='romeo@example.org'/>");
    await romeo.asks(
      ask("romeo@example.org", "get", OPEN),
      "<iq type='result' id='q1' from='romeo@example.org' to='romeo@example.org/balcony'/>",
    );
    await romeo.asks(
      ask("example.org", "get", OPEN),
      "<iq type='result' id='q1' from='example.org' to='romeo@example.org/balcony'/>",
    );
    await orchard.receivesNothing();
  }),
);

test(
  "RFC 6120 §8.2.3: what an IQ may not be is a bad request, and the stream goes on",
  conversation(cast, async ({ romeo, juliet }) => {
    const bad = (attrs: string, payload: string): string =>
      `<iq ${attrs} to='juliet@example.org/chamber'>${payload}</iq>`;
    for (const xml of [
      bad("type='get' id='q1'", QUERY + QUERY),
      bad("type='set' id='q1'", ""),
      bad("type='get' id='q1'", "text"),
      bad("id='q1'", QUERY),
      bad("type='query' id='q1'", QUERY),
    ]) {
      await romeo.sends(xml);
      const answer = await romeo.client.element();
      assert.equal(answer.attr("id"), "q1");
      badRequest(answer);
    }
    for (const id of ["", "id=''"]) {
      await romeo.sends(bad(`type='get' ${id}`, QUERY));
      badRequest(await romeo.client.element());
    }
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6120 §8.2.3, §8.3.1: results and errors that nobody waits for disappear",
  conversation(cast, async ({ romeo, juliet }) => {
    for (const to of [
      "juliet@example.org",
      "juliet@example.org/gone",
      "nobody@example.org",
      "example.org",
      "elsewhere.test",
      "",
    ]) {
      await romeo.sends(ask(to, "result"));
      await romeo.sends(ask(to, "error"));
    }
    await romeo.sends(`<iq type='result' id='q1' to='juliet@example.org'>${QUERY}${QUERY}</iq>`);
    await romeo.receivesNothing();
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6120 §10.1: the answer to a request that takes long comes before those to later ones",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    const slow = Promise.withResolvers<void>();
    stage.server
      .host("example.org")
      .hooks.add(iqFlow, "reject", "test", (event: IqEvent) =>
        event.stanza.id === "first" ? slow.promise : undefined,
      );
    for (const id of ["first", "second"]) romeo.client.send(ask("").replace("q1", id));
    await juliet.asks(ask(""), error("service-unavailable"));
    assert.equal(romeo.client.queued.length, 0);
    slow.resolve();
    for (const id of ["first", "second"]) {
      await romeo.receives(error("service-unavailable").replace("q1", id));
    }
  }),
);

function badRequest(answer: Element): void {
  assert.equal(answer.attr("type"), "error");
  const found = answer
    .child("jabber:client", "error")
    ?.child("urn:ietf:params:xml:ns:xmpp-stanzas", "bad-request");
  assert.ok(found);
}
