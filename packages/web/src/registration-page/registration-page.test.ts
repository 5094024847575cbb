import assert from "node:assert/strict";
import { test } from "node:test";
import { Stage } from "../stage.test.ts";

const CHOSEN = { name: "romeo", password: "pencil" };

test("there is no page where nobody can make an account without an invitation", async () => {
  for (const registration of ["invite", "closed"] as const) {
    await using stage = await Stage.start({ registration });
    assert.equal((await stage.get("/register")).status, 404);
    assert.equal((await stage.post("/register", CHOSEN)).status, 404);
    assert.match((await stage.get("/")).text, /data-registration=""/);
  }
});

test("where registration is open, the form makes an account, and the chat leads to it", async () => {
  await using stage = await Stage.start({ registration: "open" });
  const { status, text } = await stage.get("/register");
  assert.equal(status, 200);
  assert.match(text, /<form method="post">/);
  assert.match((await stage.get("/")).text, /data-registration="\/register"/);
  const made = await stage.post("/register", CHOSEN);
  assert.equal(made.status, 303);
  assert.equal(made.headers.location, "/#welcome=romeo");
  assert.equal(await stage.exists("romeo@example.org"), true);
  const again = await stage.post("/register", CHOSEN);
  assert.equal(again.status, 409);
  assert.match(again.text, /role="alert"/);
});

test("names that are reserved are not to be had, as in a client", async () => {
  await using stage = await Stage.start({ registration: "open" });
  const { status } = await stage.post("/register", { ...CHOSEN, name: "postmaster" });
  assert.equal(status, 409);
});

test("neither in the clear nor from a page elsewhere", async () => {
  await using stage = await Stage.start({ registration: "open" });
  const host = `example.org:${stage.port}`;
  const clear = await stage.post("/register", CHOSEN, { host, origin: `http://${host}` });
  assert.equal(clear.status, 403);
  const elsewhere = await stage.post("/register", CHOSEN, { origin: "https://evil.example" });
  assert.equal(elsewhere.status, 403);
  assert.equal(await stage.exists("romeo@example.org"), false);
});
