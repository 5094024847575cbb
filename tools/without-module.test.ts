import assert from "node:assert/strict";
import { test } from "node:test";
import { dependentsOf, withoutModule } from "./without-module.ts";

const LIST = `import type { AnyModule } from "../host.ts";
import { discoModule } from "./disco/index.ts";
import { pingModule } from "./ping/index.ts";
import {
  pingTwoModule,
} from "./ping-two/index.ts";

export const builtInModules: readonly AnyModule[] = [
  discoModule,
  pingModule,
  pingTwoModule,
];
`;

test("a list of modules loses one of them and nothing else", () => {
  assert.equal(
    withoutModule(LIST, "ping"),
    LIST.replace('import { pingModule } from "./ping/index.ts";\n', "").replace(
      "  pingModule,\n",
      "",
    ),
  );
  const second = withoutModule(LIST, "ping-two");
  assert.ok(!second.includes("Two"));
  assert.ok(second.includes("  pingModule,\n];"));
  assert.equal(withoutModule(LIST, "absent"), LIST);
});

test("a list on one line, and what is published of a module", () => {
  const line = `import { aModule } from "./a/index.ts";\nconst all = [aModule, bModule];\n`;
  assert.equal(withoutModule(line, "a"), "const all = [bModule];\n");
  const published = `export { x } from "./modules/a/contract.ts";\nexport { y } from "./y.ts";\n`;
  assert.equal(withoutModule(published, "a"), 'export { y } from "./y.ts";\n');
});

test("modules that build on another are found, by whatever way; tests do not count", () => {
  const files = [
    { path: "vcard/index.ts", text: 'import { x } from "./store.ts";' },
    { path: "directory/index.ts", text: 'import { vcards } from "../vcard/contract.ts";' },
    { path: "more/parts/part.ts", text: 'import { d } from "../../directory/contract.ts";' },
    { path: "even/index.ts", text: 'export { d } from "../directory/contract.ts";' },
    { path: "ping/ping.test.ts", text: 'import { x } from "../vcard/contract.ts";' },
  ];
  assert.deepEqual(dependentsOf("vcard", files), ["directory", "even", "more"]);
  assert.deepEqual(dependentsOf("ping", files), []);
});
