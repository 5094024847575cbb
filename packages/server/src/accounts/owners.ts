import { Jid } from "@rookery/protocol";
import type { MapStore } from "../storage/api.ts";

const PAGE = 500;

/** The accounts of one domain that have something in a store, in order, for paging. */
export async function ownersOf<T>(
  store: Pick<MapStore<T>, "owners">,
  domain: string,
  page: { readonly after?: Jid; readonly limit?: number } = {},
): Promise<readonly Jid[]> {
  const limit = page.limit ?? Number.POSITIVE_INFINITY;
  const found: Jid[] = [];
  let after = page.after?.toString();
  while (found.length < limit) {
    const owners = await store.owners({ ...(after !== undefined && { after }), limit: PAGE });
    for (const owner of owners) {
      const account = Jid.parse(owner);
      if (account.domain === domain && found.length < limit) found.push(account);
    }
    after = owners.at(-1);
    if (owners.length < PAGE) break;
  }
  return found;
}
