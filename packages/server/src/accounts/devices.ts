import { type Jid, StreamError } from "@rookery/protocol";
import { deviceOf } from "../sessions/device.ts";
import type { Session } from "../sessions/session.ts";
import type { Device, FastTokens } from "./fast-tokens.ts";

/** The clients of accounts that may log in without the password (XEP-0484), for their owners. */
export interface Devices {
  /** Those whose token is still good. */
  list(account: Jid): Promise<readonly Device[]>;
  /** The client needs the password from now on, and its sessions end. @returns whether it had a token. */
  revoke(account: Jid, device: string): Promise<boolean>;
  /**
   * As `revoke`, for all clients of an account.
   *
   * @param but the session whose client stays signed in.
   */
  revokeAll(account: Jid, but?: Session): Promise<void>;
}

/** The clients of a host's accounts, and the sessions they have. */
export class HostDevices implements Devices {
  readonly #tokens: FastTokens;
  readonly #sessions: { of(account: Jid): readonly Session[] };

  constructor(tokens: FastTokens, sessions: { of(account: Jid): readonly Session[] }) {
    this.#tokens = tokens;
    this.#sessions = sessions;
  }

  list(account: Jid): Promise<readonly Device[]> {
    return this.#tokens.list(account);
  }

  async revoke(account: Jid, device: string): Promise<boolean> {
    const had = await this.#tokens.revoke(account, device);
    this.#end(account, (session) => session.get(deviceOf) === device);
    return had;
  }

  async revokeAll(account: Jid, but?: Session): Promise<void> {
    const kept = but?.get(deviceOf);
    await this.#tokens.revokeAll(account, kept);
    this.#end(account, (session) => {
      const device = session.get(deviceOf);
      return device !== undefined && device !== kept;
    });
  }

  #end(account: Jid, isMeant: (session: Session) => boolean): void {
    for (const session of this.#sessions.of(account).filter(isMeant)) {
      session.close(new StreamError("not-authorized", "this client was signed out"));
    }
  }
}
