import assert from "node:assert/strict";
import { test } from "node:test";
import { fillFilter, fillName } from "./ldap-names.ts";

const DOMAIN = "example.org";

test("RFC 4514 §2.4: a user name stays one value of a distinguished name", () => {
  const fill = (user: string): string =>
    fillName("uid={user},o={domain}", { user, domain: DOMAIN });
  assert.equal(fill("romeo"), "uid=romeo,o=example.org");
  assert.equal(fill("a,ou=admins"), "uid=a\\2cou\\3dadmins,o=example.org");
  assert.equal(fill(`+"\\<>;#=\0`), "uid=\\2b\\22\\5c\\3c\\3e\\3b\\23\\3d\\00,o=example.org");
  assert.equal(fill(" a "), "uid=\\20a\\20,o=example.org");
  assert.equal(fill("{domain}"), "uid={domain},o=example.org", "a value is not filled in again");
});

test("RFC 4515 §3: a user name stays one value of a filter", () => {
  const fill = (user: string): string => fillFilter("(uid={user})", { user, domain: DOMAIN });
  assert.equal(fill("romeo"), "(uid=romeo)");
  assert.equal(fill("*"), "(uid=\\2a)");
  assert.equal(fill("x)(|(uid=*"), "(uid=x\\29\\28|\\28uid=\\2a)");
  assert.equal(fill("\\\0"), "(uid=\\5c\\00)");
});
