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

    await romeo.says("two, perhaps on its way");
    line.cut();
    await juliet.says("three, while he is away");
    await juliet.says("four, while he is away");
    await romeo.page.waitForTimeout(1500);
    line.mend();
    await romeo.sees("three, while he is away");
    await romeo.sees("four, while he is away");
    await romeo.says("five, back again");
    await juliet.sees("five, back again");
    await juliet.says("six");
    await romeo.sees("six");
    await juliet.sees("two, perhaps on its way");
    const all = [
      "one",
      "two, perhaps on its way",
      "three, while he is away",
      "four, while he is away",
      "five, back again",
      "six",
    ];
    // what went both ways at the same time stands in no certain order
    assert.deepEqual((await romeo.messages()).toSorted(), all.toSorted());
    assert.deepEqual((await juliet.messages()).toSorted(), all.toSorted());
    juliet.wasQuiet();
    // browsers tell of a connection that could not be had
    const others = romeo.takeComplaints().filter((text) => !/WebSocket/i.test(text));
    assert.deepEqual(others, []);
    romeo.wasQuiet();
  },
);
