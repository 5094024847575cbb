/** What docs/phones.md says of staying connected. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CSI_NS } from "@rookery/protocol";
import { type TestClient, TestServer } from "@rookery/testkit";

const MINUTE = 60_000;

/** Questions of the server; they are answered. */
async function asked(client: TestClient): Promise<number> {
  for (let i = 0; i < 10; i++) await new Promise(setImmediate);
  let questions = 0;
  for (const item of client.queued) {
    if (item === "closed" || "event" in item || item.attr("type") !== "get") continue;
    client.send(`<iq type='result' id='${item.attr("id")}' to='example.org'/>`);
    questions++;
  }
  client.clear();
  for (let i = 0; i < 10; i++) await new Promise(setImmediate);
  return questions;
}

for (const state of ["active", "inactive"]) {
  test(`a client that is ${state} and sends a space every four minutes is never asked`, async () => {
    await using stage = await TestServer.start();
    const phone = await stage.login("juliet@example.org/phone");
    phone.write(`<${state} xmlns='${CSI_NS}'/>`);
    for (let minute = 0; minute < 60; minute += 4) {
      phone.write(" ");
      assert.equal(await asked(phone), 0);
      stage.clock.advance(4 * MINUTE);
    }
    assert.equal(phone.closed, false);
  });

  test(`a client that is ${state} and silent is asked every five minutes, and no more`, async () => {
    await using stage = await TestServer.start();
    const phone = await stage.login("juliet@example.org/phone");
    phone.write(`<${state} xmlns='${CSI_NS}'/>`);
    let questions = 0;
    for (let minute = 0; minute < 60; minute += 0.5) {
      questions += await asked(phone);
      stage.clock.advance(MINUTE / 2);
    }
    assert.ok(questions >= 10 && questions <= 12, `${questions}`);
    assert.equal(phone.closed, false);
  });
}
