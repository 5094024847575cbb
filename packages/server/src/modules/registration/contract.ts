/** How other modules let people make accounts: by what they have shown, or from a web page. */
import type { Jid } from "@rookery/protocol";
import { type Chain, chain } from "../../hooks.ts";
import type { RegistrationPass } from "../../registration/registration.ts";
import type { C2sStream } from "../../streams/feature.ts";

export {
  type Registrant,
  type Registration,
  type RegistrationPass,
  registration,
} from "../../registration/registration.ts";

/** The pass that the client on a stream has shown, if any. */
export const registrationPass: Chain<C2sStream, RegistrationPass, "answer"> = chain(
  "registration-pass",
  ["answer"],
);

/** Somebody wants this account. */
export interface NameQuery {
  readonly account: Jid;
  readonly pass: RegistrationPass | undefined;
}

/** True for an account that is kept for somebody who has not made it yet (XEP-0445 §5). */
export const nameHeld: Chain<NameQuery, true, "answer"> = chain("registration-name-held", [
  "answer",
]);
