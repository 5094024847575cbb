import { Jid } from "@rookery/protocol";
import { ByteChannel } from "../byte-channel.ts";
import { type Client, type LoginOptions, startClient } from "../client.ts";
import { type Component, type ComponentOptions, startComponent } from "../component/component.ts";
import { COMPONENT_NS } from "../component/handshake.ts";
import { type ClientIdentity, openTcp, type TlsMode } from "./tcp.ts";

/** How to reach the server of an account. */
export interface ClientOptions extends Omit<LoginOptions, "requireTls" | "certificate"> {
  /** The domain of the account if left out. */
  readonly host?: string | undefined;
  /** 5222, or 5223 for direct TLS, if left out. */
  readonly port?: number | undefined;
  /** `starttls` if left out; nothing is sent in the clear unless it is `none`. */
  readonly tls?: TlsMode | undefined;
  /** The certificates to trust instead of those that Node knows, PEM. */
  readonly ca?: string | readonly string[] | undefined;
  /** The client's own certificate and its key, to log in with (XEP-0178). */
  readonly identity?: ClientIdentity | undefined;
}

/**
 * Connects to a server by TCP and logs in.
 *
 * @param setup registers handlers, before anything can come.
 * @throws ClientError, SaslError, StreamError, StanzaError, or Error with the `code` of the system
 *
 * @example
 * const client = await connectClient({ jid: "juliet@example.org/balcony", password: "…" });
 * client.onMessage((message) => console.log(body.in(message)?.text));
 * await client.send({ kind: "presence" });
 */
export function connectClient(
  options: ClientOptions,
  setup?: (client: Client) => void,
): Promise<Client> {
  const { tls = "starttls", ca, identity } = options;
  const jid = typeof options.jid === "string" ? Jid.parse(options.jid) : options.jid;
  const { host = jid.domain, port = tls === "direct" ? 5223 : 5222 } = options;
  const target = { host, port, tls, domain: jid.domain, ca, identity };
  return startClient(
    async (signal) => new ByteChannel(await openTcp(target, signal)),
    { ...options, jid, certificate: identity !== undefined, requireTls: tls !== "none" },
    setup,
  );
}

/** How to reach the server of a component. */
export interface TcpComponentOptions extends ComponentOptions {
  /** `localhost` if left out. */
  readonly host?: string | undefined;
  readonly port: number;
  /** TLS from the first byte, for servers that have it; `none` if left out, as XEP-0114 has it. */
  readonly tls?: "direct" | "none" | undefined;
  readonly ca?: string | readonly string[] | undefined;
}

/**
 * Connects a component to its server by TCP. When the connection is lost it comes back by itself.
 *
 * @param setup registers handlers, before anything can come.
 * @throws StreamError (`not-authorized`, `host-unknown`, `conflict` …), ClientError, or Error with
 * the `code` of the system, if the first connection does not come about
 *
 * @example
 * await connectComponent({ port: 5347, domain: "echo.example.org", secret: "…" }, (component) => {
 *   component.onMessage((message) => { … });
 * });
 */
export function connectComponent(
  options: TcpComponentOptions,
  setup?: (component: Component) => void,
): Promise<Component> {
  const { host = "localhost", port, tls = "none", ca } = options;
  const target = { host, port, tls, domain: host, ca };
  return startComponent(
    async (signal) => new ByteChannel(await openTcp(target, signal), { contentNs: COMPONENT_NS }),
    options,
    setup,
  );
}
