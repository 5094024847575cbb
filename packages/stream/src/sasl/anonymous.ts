/** ANONYMOUS (RFC 4505): the server makes up who the client is. */
import { readUtf8, utf8 } from "../bytes.ts";
import { after, type Maybe } from "../maybe.ts";
import { SaslError } from "./error.ts";
import { Exchange } from "./exchange.ts";
import type { ClientMechanism, ServerMechanism } from "./mechanism.ts";
import { SpeaksOnce } from "./speaks-once.ts";

/** The server's side of ANONYMOUS; the trace information that a client may send is not used. */
export function anonymousServer(newUsername: () => Maybe<string>): ServerMechanism {
  return new Exchange("ANONYMOUS", (message) => {
    const trace = readUtf8(message);
    if (
      trace === undefined ||
      trace.includes("\0") ||
      Array.from(trace).length > TRACE_CHARACTERS
    ) {
      throw new SaslError(
        "malformed-request",
        "a message of ANONYMOUS is UTF-8 of 255 characters at most (RFC 4505 §2)",
      );
    }
    return after(newUsername(), (username) => ({ username, authzid: undefined }));
  });
}

/** The client's side of ANONYMOUS. It leaves no trace. */
export function anonymousClient(): ClientMechanism {
  return new SpeaksOnce("ANONYMOUS", utf8(""));
}

const TRACE_CHARACTERS = 255;
