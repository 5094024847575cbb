import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { StanzaError } from "./errors.ts";
import { Jid } from "./jid.ts";

const malformed = { name: "StanzaError", condition: "jid-malformed", type: "modify" };

const parts = (text: string): string[] => {
  const { local, domain, resource } = Jid.parse(text);
  return [local, domain, resource];
};

test("RFC 7622 §3.5 table 1: JIDs", () => {
  const table: [string, string[]][] = [
    ["juliet@example.com", ["juliet", "example.com", ""]],
    ["juliet@example.com/foo", ["juliet", "example.com", "foo"]],
    ["juliet@example.com/foo bar", ["juliet", "example.com", "foo bar"]],
    ["juliet@example.com/foo@bar", ["juliet", "example.com", "foo@bar"]],
    ["foo\\20bar@example.com", ["foo\\20bar", "example.com", ""]],
    ["fussball@example.com", ["fussball", "example.com", ""]],
    ["fußball@example.com", ["fußball", "example.com", ""]],
    ["π@example.com", ["π", "example.com", ""]],
    ["Σ@example.com/foo", ["σ", "example.com", "foo"]],
    ["σ@example.com/foo", ["σ", "example.com", "foo"]],
    ["ς@example.com/foo", ["ς", "example.com", "foo"]],
    ["king@example.com/♚", ["king", "example.com", "♚"]],
    ["example.com", ["", "example.com", ""]],
    ["example.com/foobar", ["", "example.com", "foobar"]],
    ["a.example.com/b@example.net", ["", "a.example.com", "b@example.net"]],
  ];
  for (const [text, expected] of table) assert.deepEqual(parts(text), expected);
});

test("RFC 7622 §3.5 table 2: strings that are no JIDs", () => {
  const table = [
    '"juliet"@example.com',
    "foo bar@example.com",
    "@example.com/",
    "henryⅣ@example.com",
    "♚@example.com",
    "juliet@",
    "/foobar",
  ];
  for (const text of table) assert.throws(() => Jid.parse(text), malformed, text);
});

// example 18 of table 2 refuses this, but no rule does: OpaqueString has no word on where spaces are
test("a resourcepart may begin with a space (RFC 8265 §4.2)", () => {
  assert.deepEqual(parts("juliet@example.com/ foo"), ["juliet", "example.com", " foo"]);
});

test("the first slash and the at-sign before it separate the parts (RFC 7622 §3.1)", () => {
  assert.deepEqual(parts("a@b/c/d@e"), ["a", "b", "c/d@e"]);
  assert.deepEqual(parts("b//@"), ["", "b", "/@"]);
  for (const text of ["", "@", "/", "@b", "a@/b", "a@b/", "b/", "a@b@c", "@/", "a@@b"]) {
    assert.throws(() => Jid.parse(text), malformed, text);
  }
});

test("a localpart has none of \" & ' / : < > @, in whatever width (RFC 7622 §3.3.1)", () => {
  for (const char of "\"&'/:<>@＂＆＇／：＜＞＠") {
    assert.throws(() => Jid.of(`a${char}b`, "example.com"), malformed, char);
  }
  assert.equal(Jid.of("a.b+c=d!#$%*?^_`{|}~", "example.com").local, "a.b+c=d!#$%*?^_`{|}~");
});

test("all parts are prepared", () => {
  assert.deepEqual(parts("ＪｕＬiet@EXAMPLE.com./Bal\u00A0cony"), [
    "juliet",
    "example.com",
    "Bal cony",
  ]);
  assert.deepEqual(parts("u\u0308@xn--bcher-kva.example/u\u0308"), ["ü", "bücher.example", "ü"]);
  assert.equal(Jid.parse("a@[0:0::1]/r").toString(), "a@[::1]/r");
});

test("each part has 1 to 1023 bytes after preparation (RFC 7622 §3.3, §3.4)", () => {
  const longest = "a".repeat(1023);
  assert.equal(Jid.parse(`${longest}@b/${longest}`).toString().length, 2 * 1023 + 3);
  assert.throws(() => Jid.parse(`${longest}a@b`), malformed);
  assert.throws(() => Jid.parse(`b/${longest}a`), malformed);
  assert.equal(Jid.parse(`b/${"♚".repeat(341)}`).resource.length, 341);
  assert.throws(() => Jid.parse(`b/${"♚".repeat(342)}`), malformed);
  assert.equal(Jid.parse(`${"Ａ".repeat(1023)}@b`).local, longest);
  assert.equal(Jid.parse(`${"e\u0301".repeat(511)}@b`).local.length, 511);
});

test("huge texts are refused at once", () => {
  const huge = "漢".repeat(5_000_000);
  const start = performance.now();
  assert.throws(() => Jid.parse(huge), malformed);
  assert.throws(() => Jid.of(huge, "b"), malformed);
  assert.throws(() => Jid.of("a", huge), malformed);
  assert.throws(() => Jid.parse("a@b").withResource(huge), malformed);
  assert.ok(performance.now() - start < 1000);
});

test("an error names the part and the value, shortened and harmless, and the rule", () => {
  const message = (text: string): string => {
    try {
      Jid.parse(text);
    } catch (error) {
      assert.ok(error instanceof StanzaError);
      return error.message;
    }
    return assert.fail(`${text} was accepted`);
  };
  assert.equal(
    message("juli et@example.com"),
    '"juli et@example.com" is not an address: its localpart "juli et" contains U+0020, which the IdentifierClass does not allow (RFC 8264 §8)',
  );
  assert.equal(
    message("romeo@a_b.de"),
    '"romeo@a_b.de" is not an address: its domainpart "a_b.de" contains U+005F; only letters, digits and hyphens are allowed (RFC 5890 §2.3.1)',
  );
  assert.match(
    message("a@b/x\u0007\uFFFF"),
    /resourcepart "x\{U\+0007\}\{U\+FFFF\}" contains U\+0007/u,
  );
  assert.match(message("a@b/\uD800"), /resourcepart "\uFFFD"/u);
  assert.ok(message("x ".repeat(1000)).length < 400);
});

test("of takes parts as they are", () => {
  assert.equal(Jid.of("a", "b", "c").toString(), "a@b/c");
  assert.equal(Jid.of("a", "b"), Jid.parse("a@b"));
  assert.equal(Jid.of("", "b").toString(), "b");
  assert.equal(Jid.of("", "b", "c@d/e").resource, "c@d/e");
  // even where the text of all parts is one that was parsed before, divided otherwise
  Jid.parse("a@b/c");
  assert.throws(() => Jid.of("", "a@b", "c"), malformed);
  assert.throws(() => Jid.of("", "a@b/c"), malformed);
  assert.throws(() => Jid.of("a@b", ""), malformed);
  assert.throws(() => Jid.of("a", ""), malformed);
});

test("bare and withResource", () => {
  const full = Jid.parse("juliet@example.com/balcony");
  assert.equal(full.isBare, false);
  assert.equal(full.bare.toString(), "juliet@example.com");
  assert.equal(full.bare.isBare, true);
  assert.equal(full.bare, full.bare.bare);
  assert.equal(full.withResource("chamber").toString(), "juliet@example.com/chamber");
  assert.equal(full.withResource("").toString(), "juliet@example.com");
  assert.throws(() => full.withResource("\t"), malformed);
});

test("addresses are equal exactly if their prepared texts are", () => {
  assert.ok(Jid.parse("Juliet@Example.com").equals(Jid.parse("juliet@example.com")));
  assert.ok(!Jid.parse("juliet@example.com/A").equals(Jid.parse("juliet@example.com/a")));
  assert.ok(!Jid.parse("fußball@example.com").equals(Jid.parse("fussball@example.com")));
  assert.ok(!Jid.parse("a@b").equals(undefined));
});

test("an address that comes often is prepared once", () => {
  const first = Jid.parse("often@example.com/r");
  assert.equal(Jid.parse("often@example.com/r"), first);
  assert.equal(Jid.parse("OFTEN@example.com/r"), first);
  assert.equal(Jid.of("often", "example.com", "r"), first);
  assert.equal(Jid.parse("often@example.com"), first.bare);
});

test("forgotten addresses are still equal", () => {
  const first = Jid.parse("seldom@example.com");
  for (let i = 0; i < 10_000; i++) Jid.parse(`flood${i}@example.com`);
  const again = Jid.parse("seldom@example.com");
  assert.notEqual(again, first);
  assert.ok(again.equals(first));
});

/** Addresses good and bad: any text, any parts, and parts that preparation does something to. */
const part = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({ unit: "grapheme", maxLength: 6 }),
  fc.string({
    unit: fc.constantFrom(
      ...Array.from("aAbK.-9 üÜßẞσΣςİ漢アｶﾞ·lאب٠\u0301\u0308\u00A0\u200C\u212A＠／．。/@"),
    ),
    maxLength: 6,
  }),
);
const address = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.tuple(part, part, part).map(([local, domain, resource]) => `${local}@${domain}/${resource}`),
  fc.tuple(part, part).map(([local, resource]) => `${local}@example.com/${resource}`),
);

function attempt(text: string): Jid | undefined {
  try {
    return Jid.parse(text);
  } catch (error) {
    assert.ok(error instanceof StanzaError && error.condition === "jid-malformed");
    return undefined;
  }
}

test("a prepared address is prepared to itself", () => {
  fc.assert(
    fc.property(address, (text) => {
      const jid = attempt(text);
      if (jid === undefined) return;
      const again = Jid.parse(jid.toString());
      assert.equal(again.toString(), jid.toString());
      assert.ok(again.equals(jid) && jid.equals(again));
      const { local, domain, resource } = jid;
      assert.deepEqual([again.local, again.domain, again.resource], [local, domain, resource]);
      assert.ok(Jid.of(local, domain, resource).equals(jid));
      assert.ok(Jid.parse(jid.bare.toString()).equals(jid.bare));
    }),
    { numRuns: 5000 },
  );
});

test("no two accounts differ in what case, width or normalization form they were typed in", () => {
  const account = (local: string): string | undefined => {
    try {
      return Jid.of(local, "example.com").toString();
    } catch {
      return undefined;
    }
  };
  fc.assert(
    fc.property(part, (local) => {
      const name = account(local);
      if (name === undefined) return;
      assert.equal(account(local.normalize("NFC")), name);
      assert.equal(account(local.normalize("NFD")), name);
      assert.equal(account(local.replace(/[!-~]/gu, fullwidth)), name);
      // other upper case is not always the way back: ß, ς
      assert.equal(account(local.replace(/[a-z]/gu, (c) => c.toUpperCase())), name);
    }),
    { numRuns: 3000 },
  );
});

const fullwidth = (char: string): string => String.fromCharCode(char.charCodeAt(0) + 0xfee0);

test("tryParse gives what parse gives, and nothing for what is no address", () => {
  assert.equal(Jid.tryParse("Juliet@Example.com/x")?.toString(), "juliet@example.com/x");
  for (const text of ["", "@", "a@", "@example.com", "a b@example.com", "x".repeat(10_000)]) {
    assert.equal(Jid.tryParse(text), undefined);
  }
});
