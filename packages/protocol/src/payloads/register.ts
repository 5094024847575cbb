/** In-Band Registration: XEP-0077 (2.4), with data forms by XEP-0004 and the URL of XEP-0066. */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec, type Marker, marker } from "../codec.ts";
import { StanzaError } from "../errors.ts";
import { dataForm, type Form } from "../forms.ts";

/** The namespace; also the FORM_TYPE of its forms (XEP-0077 §4). */
export const REGISTER_NS = "jabber:iq:register";

const OOB_NS = "jabber:x:oob";

/** Says that a server lets people register before they log in: the stream feature (XEP-0077 §8). */
export const registerFeature: Codec<Marker> = marker(
  "http://jabber.org/features/iq-register",
  "register",
);

const FIELDS = [
  "username",
  "nick",
  "password",
  "name",
  "first",
  "last",
  "email",
  "address",
  "city",
  "state",
  "zip",
  "phone",
  "url",
  "date",
  "misc",
  "text",
] as const;

/** The only fields outside of a form (XEP-0077 §14.1); the obsolete `<key/>` is left out (§7). */
export type RegisterField = (typeof FIELDS)[number];

/** What is asked for, with empty texts; what is known already; or what somebody has filled in. */
export type RegisterFields = { readonly [field in RegisterField]?: string };

/** The `<query/>` of requests and answers. A request for the fields has nothing in it. */
export interface RegisterQuery {
  readonly fields: RegisterFields;
  /** In an answer: who asks is registered already (XEP-0077 §3.1.1). */
  readonly registered?: boolean | undefined;
  readonly instructions?: string | undefined;
  /** In a request: to be registered no more (XEP-0077 §3.2). */
  readonly remove?: boolean | undefined;
  /** It comes before the fields for those who understand it (XEP-0077 §6). */
  readonly form?: Form | undefined;
  /** Where else one can register (XEP-0077 §5). */
  readonly url?: string | undefined;
}

/**
 * The `<query/>` of In-Band Registration. Elements that it does not define are ignored, and of two
 * fields of one name the first counts.
 *
 * @throws StanzaError `bad-request` if something stands beside `<remove/>` (XEP-0077 §3.2), and for a
 * form that is none.
 */
export const registerQuery: Codec<RegisterQuery> = codec<RegisterQuery>({
  ns: REGISTER_NS,
  name: "query",
  read(query) {
    const remove = query.child(REGISTER_NS, "remove") !== undefined;
    if (remove && query.elements().length > 1) {
      throw new StanzaError("bad-request", "nothing may stand beside <remove/> (XEP-0077 §3.2)");
    }
    return {
      fields: readFields(query),
      registered: query.child(REGISTER_NS, "registered") !== undefined,
      instructions: query.child(REGISTER_NS, "instructions")?.text,
      remove,
      form: dataForm.in(query),
      url: query.child(OOB_NS, "x")?.child(OOB_NS, "url")?.text,
    };
  },
  write: ({ fields, registered, instructions, remove, form, url }) =>
    el(
      REGISTER_NS,
      "query",
      {},
      registered ? el(REGISTER_NS, "registered") : undefined,
      instructions === undefined ? undefined : el(REGISTER_NS, "instructions", {}, instructions),
      ...writeFields(fields),
      remove ? el(REGISTER_NS, "remove") : undefined,
      form && dataForm.write(form),
      url === undefined ? undefined : el(OOB_NS, "x", {}, el(OOB_NS, "url", {}, url)),
    ),
});

function readFields(query: Element): RegisterFields {
  const found: { -readonly [field in RegisterField]?: string } = {};
  for (const name of FIELDS) {
    const text = query.child(REGISTER_NS, name)?.text;
    if (text !== undefined) found[name] = text;
  }
  return found;
}

function writeFields(fields: RegisterFields): Element[] {
  return FIELDS.flatMap((name) => {
    const text = fields[name];
    return text === undefined ? [] : [el(REGISTER_NS, name, {}, text)];
  });
}
