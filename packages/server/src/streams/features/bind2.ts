/** Bind 2 (XEP-0386): a resource, and what goes with it, together with authentication. */
import { type Jid, SM_NS, StanzaError, StreamError } from "@rookery/protocol";
import { type Bind2Request, bind2Bound, bind2Offer } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import { deviceOf } from "../../sessions/device.ts";
import type { Session } from "../../sessions/session.ts";
import type { C2sStream } from "../c2s.ts";
import { type BindInline, bindInline } from "../feature.ts";
import { enableManagement } from "../stream-management/contract.ts";
import { openSession } from "./bind.ts";

/** `<bind/>` with all that can be switched on in it (§3.1). */
export function offerBind2(stream: C2sStream): Element {
  const asked = inlineOf(stream).filter((inline) => inline.ask !== undefined);
  return bind2Offer.write([...new Set([SM_NS, ...asked.map(({ ns }) => ns)])]);
}

/** What has come of a request to bind. */
export interface Bound {
  readonly session: Session;
  /** `<bound/>`. */
  readonly answer: Element;
  /** To be called once the client has been told: what was sent to it meanwhile follows. */
  afterwards(): void;
}

/**
 * Binds a resource for the account that has just authenticated (§3.2). An earlier session of the
 * same client ends.
 *
 * @param device the id of the client's user agent, if it has one.
 * @throws StreamError if the account has too many sessions.
 */
export async function bindWith(
  stream: C2sStream,
  account: Jid,
  request: Bind2Request & { readonly device: string | undefined },
): Promise<Bound> {
  const { host } = stream;
  if (host === undefined) throw new Error("binding before a stream header");
  const session = open(stream, resourceFor(stream, account, request), request.device);
  const hold = session.hold();
  try {
    const answers = await switchOn(stream, session, request.features);
    return {
      session,
      answer: bind2Bound.write(answers),
      afterwards: () => {
        hold.release();
        if (!stream.closed) host.began(session);
      },
    };
  } catch (error) {
    hold.release();
    throw error;
  }
}

/** The earlier sessions of the client, whether it knows of them or not, are over. */
function open(stream: C2sStream, jid: Jid, device: string | undefined): Session {
  const { sessions } = stream.services;
  for (const other of sessions.of(jid.bare)) {
    const isSame =
      other.jid.equals(jid) || (device !== undefined && other.get(deviceOf) === device);
    if (isSame) other.close(new StreamError("conflict", "the same client has logged in again"));
  }
  try {
    const session = openSession(stream, jid);
    session.set(deviceOf, device);
    return session;
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error;
    throw new StreamError("resource-constraint", error.message);
  }
}

/**
 * What the client calls itself, and what the server adds (§3.2.1): the same at each login of a client
 * that has an id.
 */
function resourceFor(
  { services, host }: C2sStream,
  account: Jid,
  { tag, device }: { readonly tag?: string | undefined; readonly device: string | undefined },
): Jid {
  const label = tag === undefined ? "" : Array.from(tag).slice(0, TAG_CHARACTERS).join("");
  const own =
    device === undefined || host === undefined
      ? services.random.id()
      : host.tokens.resourceOf(account, device, label);
  try {
    return account.withResource(label === "" ? own : `${label}/${own}`);
  } catch (error) {
    if (error instanceof StanzaError) return account.withResource(own); // no resource has such a tag
    throw error;
  }
}

/** Does what is asked for, in the order it is announced in, and gives the answers. */
async function switchOn(
  stream: C2sStream,
  session: Session,
  asked: readonly Element[],
): Promise<readonly Element[]> {
  const answers: Element[] = [];
  const enable = asked.find((element) => element.is(SM_NS, "enable"));
  if (enable !== undefined) answers.push(enableManagement(stream, enable));
  for (const inline of inlineOf(stream)) {
    const element = asked.find(({ ns }) => ns === inline.ns);
    const answer = element && (await inline.ask?.(session, element));
    if (answer) answers.push(answer);
    const told = await inline.tell?.(session);
    if (told !== undefined) answers.push(told);
  }
  return answers;
}

function inlineOf(stream: C2sStream): readonly BindInline[] {
  return stream.host?.hooks.gather(bindInline, stream) ?? [];
}

/** Characters of a tag that are kept; with what is added it stays below the bound of 1023 bytes. */
const TAG_CHARACTERS = 64;
