import type { Jid } from "@rookery/protocol";
import { SaslError } from "@rookery/stream";
import type { MapSpec, MapStore, Storage } from "../storage/api.ts";
import type { AccountStatus } from "./accounts.ts";

const KEY = "status";
const ACTIVE: AccountStatus = { disabled: false, expired: false };

const spec: MapSpec<AccountStatus> = {
  shape: "map",
  name: "accounts/status",
  version: 1,
  codec: {
    encode: ({ disabled, expired }) => JSON.stringify({ disabled, expired }),
    decode: (text) => JSON.parse(text) as AccountStatus,
  },
};

/** Who may not log in, though the password is right; of most accounts nothing is kept. */
export class AccountStatuses {
  readonly #store: MapStore<AccountStatus>;

  private constructor(store: MapStore<AccountStatus>) {
    this.#store = store;
  }

  static async open(storage: Storage): Promise<AccountStatuses> {
    return new AccountStatuses(await storage.map(spec));
  }

  async get(account: Jid): Promise<AccountStatus> {
    return (await this.#store.get(account.toString(), KEY))?.value ?? ACTIVE;
  }

  /** Changes some of it; the rest stays. @returns whether anything is different now. */
  async change(account: Jid, change: Partial<AccountStatus>): Promise<boolean> {
    let changed = false;
    await this.#store.update(account.toString(), KEY, (old = ACTIVE) => {
      const status = { ...old, ...change };
      changed = status.disabled !== old.disabled || status.expired !== old.expired;
      return status.disabled || status.expired ? status : undefined;
    });
    return changed;
  }

  /** @throws SaslError for an account that may not log in now. */
  async admit(account: Jid): Promise<void> {
    const { disabled, expired } = await this.get(account);
    if (disabled) {
      throw new SaslError("account-disabled", "an administrator has disabled this account");
    }
    if (expired) {
      throw new SaslError("credentials-expired", "this account needs a new password");
    }
  }
}
