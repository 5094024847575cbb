import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Markup, markup } from "./markup.ts";

test("text is text, between tags and in attributes", () => {
  const { text } = markup`<p title="${`"><script>`}">${"<b>'&`"}</p>`;
  assert.equal(text, '<p title="&quot;&gt;&lt;script&gt;">&lt;b&gt;&#39;&amp;&#96;</p>');
});

test("what is not there leaves nothing, and pieces of pages stay what they are", () => {
  const items = [markup`<li>${1}</li>`, markup`<li>${"<"}</li>`];
  assert.equal(
    markup`<ul>${items}</ul>${undefined}${false}`.text,
    "<ul><li>1</li><li>&lt;</li></ul>",
  );
  assert.ok(markup`` instanceof Markup);
});

test("whatever a text is, a browser reads the same text again and nothing else", () => {
  const named: { readonly [name: string]: string } = {
    "&amp;": "&",
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&#39;": "'",
    "&#96;": "`",
  };
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const written = markup`${text}`.text;
      assert.doesNotMatch(written, /[<>"'`]/);
      assert.equal(
        written.replaceAll(/&[^;]*;/g, (one) => named[one] ?? assert.fail(one)),
        text,
      );
    }),
  );
});
