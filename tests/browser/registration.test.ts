import assert from "node:assert/strict";
import { test } from "node:test";
import { inviteAs } from "./support/befriend.ts";
import { PASSWORD, Served } from "./support/served.ts";
import { DESKTOP, LIMIT, openBrowser, PHONE, Visitor } from "./support/visitor.ts";

test(
  "the printed invitation makes the first account, and leads into the chat",
  LIMIT,
  async (t) => {
    const served = await Served.start(t);
    const browser = await openBrowser(t);
    const juliet = await Visitor.arrive(browser, served.origin, { viewport: PHONE });
    const { page } = juliet;
    const invitation = served.firstInvitation ?? "";
    assert.ok(invitation.startsWith(`${served.origin}/invite/`));
    await page.goto(invitation);
    await juliet.looksWell("invitation-phone");
    await page.getByLabel("Name").fill("juliet");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.locator("#converse-login-jid").waitFor();
    await page.getByText("Your account juliet@localhost is made").waitFor();
    assert.equal(await page.inputValue("#converse-login-jid"), "juliet");
    await juliet.looksWell("log-in-phone");
    await juliet.logIn("juliet", PASSWORD);
    await juliet.looksWell("contacts-phone");
    juliet.wasQuiet();

    const late = await Visitor.arrive(browser, served.origin, { viewport: PHONE });
    const answer = await late.page.goto(invitation);
    assert.equal(answer?.status(), 404);
    await late.page.getByText("This invitation is not valid").first().waitFor();
    await late.looksWell("used-phone");
  },
);

test("without JavaScript an account is made all the same", LIMIT, async (t) => {
  const served = await Served.start(t);
  const browser = await openBrowser(t);
  const visitor = await Visitor.arrive(browser, served.origin, {
    viewport: DESKTOP,
    javaScriptEnabled: false,
  });
  const { page } = visitor;
  await page.goto(await served.invite("--name", "nurse"));
  assert.equal(await page.getByLabel("Name").inputValue(), "nurse");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.waitForURL(`${served.origin}/#welcome=nurse`);
  visitor.wasQuiet();
  const nurse = await Visitor.arrive(browser, served.origin);
  await nurse.logIn("nurse", PASSWORD);
  nurse.wasQuiet();
});

test(
  "where registration is open, the chat leads to the page that makes accounts",
  LIMIT,
  async (t) => {
    const served = await Served.start(t, { registration: "open" });
    const browser = await openBrowser(t);
    const romeo = await Visitor.arrive(browser, served.origin);
    const { page } = romeo;
    await page.goto(served.origin);
    await romeo.looksWell("log-in-desktop");
    await page.getByRole("link", { name: "Create an account" }).click();
    await page.waitForURL(`${served.origin}/register`);
    await page.getByText("Apps to use it with").click();
    await romeo.looksWell("registration-desktop");
    await page.getByLabel("Name").fill("romeo");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText("Your account romeo@localhost is made").waitFor();
    romeo.wasQuiet();
    await page.goto(`${served.origin}/register`);
    await page.getByLabel("Name").fill("romeo");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("alert").filter({ hasText: "not to be had" }).waitFor();
    await romeo.looksWell("name-taken-desktop");
    const [complaint, ...others] = romeo.takeComplaints();
    assert.match(complaint ?? "", /409/); // how browsers tell of any refusal
    assert.deepEqual(others, []);
  },
);

test(
  "XEP-0401: whoever is invited to be in touch makes an account, and has a contact",
  LIMIT,
  async (t) => {
    const served = await Served.start(t);
    await served.addUsers("juliet");
    const browser = await openBrowser(t);
    const romeo = await Visitor.arrive(browser, served.origin, { viewport: PHONE });
    const { page } = romeo;
    await page.goto(await inviteAs(served, "juliet"));
    await page.getByText("juliet@localhost").waitFor();
    const uri = await page
      .getByRole("link", { name: "Open in your chat app" })
      .getAttribute("href");
    assert.match(uri ?? "", /^xmpp:juliet@localhost\?roster;preauth=[a-z2-9]{26};ibr=y$/);
    await romeo.looksWell("contact-invitation-phone");
    await page.getByText("Apps, and a code for your phone").click();
    await page.getByRole("img", { name: "QR code" }).scrollIntoViewIfNeeded();
    await romeo.looksWell("contact-invitation-code-phone");
    await page.getByLabel("Name").fill("romeo");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText("Your account romeo@localhost is made").waitFor();
    await romeo.logIn("romeo", PASSWORD);
    await page.locator("converse-roster").getByText("juliet@localhost").waitFor();
    romeo.wasQuiet();
  },
);
