import assert from "node:assert/strict";
import { test } from "node:test";
import { befriend } from "./support/befriend.ts";
import { PASSWORD, Served } from "./support/served.ts";
import { LIMIT, openBrowser, PHONE, Visitor } from "./support/visitor.ts";

/** In pixels. */
const SIZE = 192;

test("XEP-0363: a picture is uploaded, and shown to both", LIMIT, async (t) => {
  const served = await Served.start(t);
  await served.addUsers("romeo", "juliet");
  await befriend(served, "romeo", "juliet");
  const browser = await openBrowser(t);
  const romeo = await Visitor.arrive(browser, served.origin);
  const juliet = await Visitor.arrive(browser, served.origin, { viewport: PHONE });
  await Promise.all([romeo.logIn("romeo", PASSWORD), juliet.logIn("juliet", PASSWORD)]);
  await juliet.openChat("romeo@localhost");
  await romeo.openChat("juliet@localhost");
  await romeo.page.setInputFiles("input.fileupload", {
    name: "rookery.png",
    mimeType: "image/png",
    buffer: await romeo.page.screenshot({ clip: { x: 0, y: 0, width: SIZE, height: SIZE } }),
  });
  for (const who of [romeo, juliet]) {
    const picture = who.page.locator("img.chat-image");
    await picture.waitFor();
    await who.page.waitForFunction((width) => {
      const shown = document.querySelector("img.chat-image");
      return shown instanceof HTMLImageElement && shown.naturalWidth === width;
    }, SIZE);
    const source = await picture.getAttribute("src");
    assert.equal(new URL(source ?? "", served.origin).origin, served.origin);
  }
  await juliet.looksWell("picture-phone");
  await romeo.looksWell("picture-desktop");
  romeo.wasQuiet();
  juliet.wasQuiet();
});
