import { dataForm, type Form, Jid } from "@rookery/protocol";
import type { MapSpec } from "../../storage/api.ts";
import { elementCodec } from "../../storage/element-codec.ts";

/** Where a client wants to be woken (XEP-0357 §5). */
export interface Registration {
  /** The app server. */
  readonly jid: Jid;
  readonly node: string;
  /** What accompanies each publication, such as a secret. */
  readonly options: Form | undefined;
  /** The resource of the client that asked for it. */
  readonly resource: string;
  /** When it asked last, in milliseconds since 1970. */
  readonly at: number;
}

/** App server and node name a registration of an account. */
export function keyOf(jid: Jid, node: string): string {
  return JSON.stringify([jid.toString(), node]);
}

interface Stored {
  readonly jid: string;
  readonly node: string;
  readonly options?: string;
  readonly resource: string;
  readonly at: number;
}

/** By account, and by app server and node. */
export const registrationSpec: MapSpec<Registration> = {
  shape: "map",
  name: "push/registrations",
  version: 1,
  codec: {
    encode({ jid, options, ...rest }) {
      const form = options && elementCodec.encode(dataForm.write(options));
      const stored: Stored = { ...rest, jid: jid.toString(), ...(form && { options: form }) };
      return JSON.stringify(stored);
    },
    decode(text) {
      const { jid, options, ...rest } = JSON.parse(text) as Stored;
      const form = options === undefined ? undefined : dataForm.read(elementCodec.decode(options));
      return { ...rest, jid: Jid.parse(jid), options: form };
    },
  },
};
