import assert from "node:assert/strict";
import { test } from "node:test";
import { befriend } from "./support/befriend.ts";
import { PASSWORD, Served } from "./support/served.ts";
import { LIMIT, openBrowser, PHONE, Visitor, type VisitorOptions } from "./support/visitor.ts";

async function chats(
  t: Parameters<typeof openBrowser>[0],
  options: VisitorOptions,
): Promise<{ readonly romeo: Visitor; readonly juliet: Visitor; readonly origin: string }> {
  const served = await Served.start(t);
  await served.addUsers("romeo", "juliet");
  await befriend(served, "romeo", "juliet");
  const browser = await openBrowser(t);
  const romeo = await Visitor.arrive(browser, served.origin, options);
  const juliet = await Visitor.arrive(browser, served.origin, { ...options, viewport: PHONE });
  await Promise.all([romeo.logIn("romeo", PASSWORD), juliet.logIn("juliet", PASSWORD)]);
  await romeo.openChat("juliet@localhost");
  await juliet.openChat("romeo@localhost");
  await romeo.says("Shall I hear more, or shall I speak at this?");
  await juliet.sees("shall I speak at this?");
  await juliet.says("What man art thou?");
  await romeo.sees("What man art thou?");
  return { romeo, juliet, origin: served.origin };
}

test("two people chat over WebSocket, and nothing leaves the server's origin", LIMIT, async (t) => {
  const { romeo, juliet, origin } = await chats(t, {});
  await romeo.looksWell("chat-desktop");
  await juliet.looksWell("chat-phone");
  assert.ok(romeo.sockets.length > 0);
  assert.equal(romeo.asked.includes("/http-bind"), false);
  romeo.wasQuiet();
  juliet.wasQuiet();

  // a canary: what the policy is for
  const isBlocked = await romeo.page.evaluate(async () => {
    const blocked = new Promise<string>((resolve) => {
      document.addEventListener("securitypolicyviolation", (event) => resolve(event.blockedURI));
    });
    await fetch("http://canary.example/").catch(() => {});
    return blocked;
  });
  assert.equal(new URL(isBlocked).host, "canary.example");
  const isEvalRefused = await romeo.page.evaluate(
    () =>
      new Promise<boolean>((resolve) => {
        // later: what a test asks for at once may do so
        setTimeout(() => {
          try {
            // oxlint-disable-next-line typescript/no-implied-eval
            resolve(new Function("return false")() as boolean);
          } catch {
            resolve(true);
          }
        });
      }),
  );
  assert.equal(isEvalRefused, true);
  assert.equal(new URL(origin).host, new URL(romeo.page.url()).host);
});

test("where WebSocket does not get through, they chat over BOSH", LIMIT, async (t) => {
  const { romeo, juliet } = await chats(t, { withoutWebSocket: true });
  assert.ok(romeo.asked.includes("/http-bind"));
  assert.ok(juliet.asked.includes("/http-bind"));
  romeo.wasQuiet();
  juliet.wasQuiet();
});
