import { StanzaError } from "@rookery/protocol";
import { NetworkError } from "./network.ts";

/**
 * What a user is told of an error of the network (XEP-0100 §4.4.2, §4.8.2); any other error is given
 * as it is.
 */
export function stanzaErrorOf(error: unknown): unknown {
  if (!(error instanceof NetworkError)) return error;
  switch (error.code) {
    case "wrong-password":
      return new StanzaError("not-authorized", error.message);
    case "unreachable":
      return new StanzaError("remote-server-timeout", error.message);
    case "not-found":
      return new StanzaError("item-not-found", error.message);
    case "away":
      return new StanzaError("service-unavailable", error.message);
  }
}
