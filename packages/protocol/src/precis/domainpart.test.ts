import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { domainToAscii, prepareDomainpart } from "./domainpart.ts";

const refused = { name: "PreparationError" };

function refuses(texts: readonly string[], message?: RegExp): void {
  for (const text of texts) {
    assert.throws(() => prepareDomainpart(text), message ? { ...refused, message } : refused, text);
  }
}

test("ASCII names become lower case and lose one full stop at their end (RFC 7622 §3.2)", () => {
  for (const name of ["example.com", "localhost", "a", "a-b.c-d", "3com.com", "xn.de", "4.a"]) {
    assert.equal(prepareDomainpart(name), name);
    assert.equal(prepareDomainpart(name.toUpperCase()), name);
    assert.equal(prepareDomainpart(`${name}.`), name);
  }
});

test("what is no LDH name is refused (RFC 5890 §2.3.1)", () => {
  refuses([
    "a_b.de",
    "a b.de",
    "a/b",
    "a@b",
    "a:5222",
    "a%b.de",
    "*.de",
    "a\0",
    "[a]",
    "a\u007F.b",
  ]);
  refuses(["ex..com", ".com", "com..", ".", ""], /empty/u);
  refuses(["-a.de", "a-.de", "a.-", "-", "a.b-", "A-.de"], /hyphen/u);
  refuses(["ab--c.de", "r3---sn.com", "a.xy--z"], /hyphens in its third and fourth place/u);
});

test("labels have at most 63 octets and names 253 (RFC 1035 §2.3.4)", () => {
  const label = "a".repeat(63);
  assert.equal(prepareDomainpart(`${label}.de`), `${label}.de`);
  refuses([`${label}a.de`, `de.${label}a`, `${label.toUpperCase()}A`], /longer than 63/u);
  const longest = `${label}.${label}.${label}.${"a".repeat(61)}`;
  assert.equal(prepareDomainpart(longest), longest);
  assert.equal(prepareDomainpart(`${longest}.`), longest);
  refuses([`${longest}a`], /253/u);
  refuses(["a.".repeat(1000), "ü".repeat(1000), "漢.".repeat(1500)]);
  // 59 code points are 63 octets as an A-label
  const wide = "ü".repeat(50);
  assert.equal(prepareDomainpart(`${wide}.de`), `${wide}.de`);
  refuses([`${"ü".repeat(63)}.de`]);
});

test("A-labels become U-labels (RFC 7622 §3.2.1)", () => {
  assert.equal(prepareDomainpart("xn--bcher-kva.example"), "bücher.example");
  assert.equal(prepareDomainpart("XN--BCHER-KVA.Example"), "bücher.example");
  assert.equal(prepareDomainpart("xn--fa-hia.de"), "faß.de");
  assert.equal(prepareDomainpart("xn--fiqs8s"), "中国");
  assert.equal(prepareDomainpart("muc.xn--e1afmkfd.xn--p1ai"), "muc.пример.рф");
});

test("what only pretends to be an A-label is refused (RFC 5890 §2.3.2.1)", () => {
  refuses([
    "xn--a",
    "xn--",
    "xn--0.pt",
    "xn--a-ecp.ru",
    "xn--abc-",
    "xn--99999999",
    "xn--bcher-kva8445foa",
    // Punycode of "Bücher" and of "ab", which are no U-labels
    "xn--Bcher-kva.xn--bcher-kva2",
    "xn--ab-",
    "xn--bücher",
  ]);
});

test("U-labels are mapped for case, width and NFC only (RFC 5895 §2)", () => {
  assert.equal(prepareDomainpart("BÜCHER.example"), "bücher.example");
  assert.equal(prepareDomainpart("bu\u0308cher.example"), "bücher.example");
  assert.equal(prepareDomainpart("ｅｘａｍｐｌｅ．com"), "example.com");
  assert.equal(prepareDomainpart("例え。テスト。"), "例え.テスト");
  assert.equal(prepareDomainpart("ΣΑΣ.gr"), "σασ.gr");
  assert.equal(prepareDomainpart("faß.de"), "faß.de");
  assert.equal(prepareDomainpart("βόλος.gr"), "βόλος.gr");
  refuses(["ex\u00ADample.com", "a\u200Bb.com", "a\uFE0F.com"], /cannot be seen/u);
  refuses(["Ⅳ.com", "ﬁ.com", "①.com", "ª.com", "\u2488.com"], /stands for something else/u);
});

test("symbols and the like are no U-labels, though UTS #46 lets them pass (RFC 5892)", () => {
  refuses(["☃.net", "i❤.ws", "xn--ls8h.la", "💩.la", "♚.com", "a’b.com", "\u0640a.com", "𝄞.com"]);
  refuses(["\u302Ea.com", "\u0300a.com", "\u{10FFFF}.com", "\u0378.com", "a\uD800.com"]);
});

test("contextual rules hold in labels (RFC 5892 Appendix A)", () => {
  for (const name of ["l·l.cat", "アイ・ウ.jp", "क्\u200Dष.in", "نامه\u200Cای.ir"]) {
    assert.equal(prepareDomainpart(name), name);
  }
  refuses(["a·l.cat", "a・b.jp", "x\u200Cy.de", "\u200D.de"]);
});

test("the Bidi Rule is one for all labels of a name (RFC 5893 §2)", () => {
  assert.equal(prepareDomainpart("אבג.example"), "אבג.example");
  assert.equal(prepareDomainpart("9abc.example"), "9abc.example");
  refuses(["9abc.אבג", "אa.com", "٠a.ir", "0א.com"]);
});

test("IPv4 addresses are accepted, names that look like them are not (RFC 3986 §3.2.2)", () => {
  assert.equal(prepareDomainpart("127.0.0.1"), "127.0.0.1");
  assert.equal(prepareDomainpart("127.0.0.1."), "127.0.0.1");
  assert.equal(prepareDomainpart("１２７.0.0.1"), "127.0.0.1");
  refuses(["127.0.0.256", "127.0.0.01", "127.1", "123", "1.2.3.4.5", "a.1", "999.999.999.999"]);
});

test("IPv6 addresses are accepted in brackets and written as RFC 5952 says", () => {
  const table: [string, string][] = [
    ["::1", "::1"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["2001:DB8::0001", "2001:db8::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["::", "::"],
    ["1::", "1::"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["::ffff:c000:201", "::ffff:192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ];
  for (const [text, expected] of table) {
    assert.equal(prepareDomainpart(`[${text}]`), `[${expected}]`);
  }
});

test("other IP literals are refused", () => {
  refuses([
    "::1",
    "[::1",
    "::1]",
    "[]",
    "[:]",
    "[:::]",
    "[1::2::3]",
    "[1:2:3:4:5:6:7]",
    "[1:2:3:4:5:6:7:8:9]",
    "[1:2:3:4::5:6:7:8]",
    "[12345::]",
    "[::1.2.3]",
    "[1.2.3.4::]",
    "[::1.2.3.4:1]",
    "[127.0.0.1]",
    "[fe80::1%25eth0]",
    "[v1.a]",
    "[example.com]",
    `[${"0".repeat(1000)}::1]`,
  ]);
});

test("domainToAscii gives what the DNS knows", () => {
  assert.equal(domainToAscii("bücher.example"), "xn--bcher-kva.example");
  assert.equal(domainToAscii("faß.de"), "xn--fa-hia.de");
  assert.equal(domainToAscii("example.com"), "example.com");
  assert.equal(domainToAscii("[::1]"), "[::1]");
});

test("a prepared domainpart is prepared to itself, and so is its A-label form", () => {
  const label = fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 4 }),
    fc.string({
      unit: fc.constantFrom(
        ...Array.from("aB-9üÜßẞσΣςİ漢ア・·lأבا۰٠\u0301\u0308\u200C\u200Dｅ．。.ᏚꮪﬁⅣ"),
      ),
      minLength: 1,
      maxLength: 6,
    }),
    fc
      .string({ unit: fc.constantFrom(...Array.from("abz019-")), maxLength: 6 })
      .map((tail) => `xn--${tail}`),
  );
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 3 }), (labels) => {
      let domain: string;
      try {
        domain = prepareDomainpart(labels.join("."));
      } catch (error) {
        assert.equal((error as Error).name, "PreparationError");
        return;
      }
      assert.equal(prepareDomainpart(domain), domain);
      assert.equal(prepareDomainpart(domainToAscii(domain)), domain);
      assert.match(domainToAscii(domain), /^[a-z0-9.-]{1,253}$/u);
    }),
    { numRuns: 5000 },
  );
});
