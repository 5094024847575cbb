import assert from "node:assert/strict";
import { test } from "node:test";
import { badLine } from "./support/bad-line.ts";
import { befriend } from "./support/befriend.ts";
import { PASSWORD, Served } from "./support/served.ts";
import { LIMIT, openBrowser, Visitor } from "./support/visitor.ts";

test(
  "XEP-0198: a connection that is cut comes back, and nothing is lost or doubled",
  LIMIT,
  async (t) => {
    const served = await Served.start(t);
    await served.addUsers("romeo", "juliet");
    await befriend(served, "romeo", "juliet");
    const browser = await openBrowser(t);
    const line = await badLine(t, served.origin);
    const romeo = await Visitor.arrive(browser, line.origin);
    const juliet = await Visitor.arrive(browser, served.origin);
    await Promise.all([romeo.logIn("romeo", PASSWORD), juliet.logIn("juliet", PASSWORD)]);
    await romeo.openChat("juliet@localhost");
    await juliet.openChat("romeo@localhost");
    await romeo.says("one");
    await juliet.sees("one");
    juliet.wasQuiet();
    romeo.wasQuiet();

    line.cut();
    await juliet.says("two, while he is away");
    await juliet.says("three, while he is away");
    await romeo.page.waitForTimeout(1500);
    line.mend();
    await romeo.sees("two, while he is away");
    await romeo.sees("three, while he is away");
    await romeo.says("four, back again");
    await juliet.sees("four, back again");
    await juliet.says("five");
    await romeo.sees("five");
    const all = [
      "one",
      "two, while he is away",
      "three, while he is away",
      "four, back again",
      "five",
    ];
    assert.deepEqual(await romeo.messages(), all);
    assert.deepEqual(await juliet.messages(), all);
    juliet.wasQuiet();
    // browsers tell of a connection that could not be had
    const others = romeo.takeComplaints().filter((text) => !/WebSocket/i.test(text));
    assert.deepEqual(others, []);
    romeo.wasQuiet();
  },
);
