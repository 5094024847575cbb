/** Jabber Search: XEP-0055 (1.3), with data forms by XEP-0004 and pages by XEP-0059 (1.0). */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";
import { dataForm, type Form } from "../forms.ts";
import { Jid } from "../jid.ts";
import { requiredAttr } from "../reading.ts";
import {
  type ResultSetPage,
  type ResultSetRequest,
  resultSetPage,
  resultSetRequest,
} from "../rsm.ts";

/** The namespace; also the FORM_TYPE of its forms (XEP-0055 §3). */
export const SEARCH_NS = "jabber:iq:search";

const FIELDS = ["first", "last", "nick", "email"] as const;

/** The only fields outside of a form (XEP-0055 §3). */
export interface SearchFields {
  /** The given name, whatever the order of names is (XEP-0055 §4). */
  readonly first?: string;
  /** The family name. */
  readonly last?: string;
  readonly nick?: string;
  readonly email?: string;
}

/** The `<query/>` of a request: empty, or with what is searched for. */
export interface SearchRequest {
  readonly fields: SearchFields;
  readonly form?: Form | undefined;
  readonly page?: ResultSetRequest | undefined;
}

/** What was found: an address and what is told of it. */
export interface SearchItem {
  readonly jid: Jid;
  readonly fields: SearchFields;
}

/** The `<query/>` of an answer: what can be searched for, or what was found. */
export interface SearchAnswer {
  readonly instructions?: string | undefined;
  /** Fields that can be searched for, with empty texts. */
  readonly fields: SearchFields;
  readonly form?: Form | undefined;
  readonly items: readonly SearchItem[];
  /** Which part of all that was found this is. */
  readonly page?: ResultSetPage | undefined;
}

/** @throws StanzaError `bad-request` for a form or page request that is none. */
export const searchRequest: Codec<SearchRequest> = codec<SearchRequest>({
  ns: SEARCH_NS,
  name: "query",
  read: (query) => ({
    fields: readFields(query),
    form: dataForm.in(query),
    page: resultSetRequest.in(query),
  }),
  write: ({ fields, form, page }) =>
    el(
      SEARCH_NS,
      "query",
      {},
      ...writeFields(fields),
      form && dataForm.write(form),
      page && resultSetRequest.write(page),
    ),
});

/** @throws StanzaError `bad-request` for an item without an address, a form that is none. */
export const searchAnswer: Codec<SearchAnswer> = codec<SearchAnswer>({
  ns: SEARCH_NS,
  name: "query",
  read: (query) => ({
    instructions: query.child(SEARCH_NS, "instructions")?.text,
    fields: readFields(query),
    form: dataForm.in(query),
    items: query.elements(SEARCH_NS, "item").map((item) => ({
      jid: Jid.parse(requiredAttr(item, "jid")),
      fields: readFields(item),
    })),
    page: resultSetPage.in(query),
  }),
  write: ({ instructions, fields, form, items, page }) =>
    el(
      SEARCH_NS,
      "query",
      {},
      instructions === undefined ? undefined : el(SEARCH_NS, "instructions", {}, instructions),
      ...writeFields(fields),
      form && dataForm.write(form),
      ...items.map((item) =>
        el(SEARCH_NS, "item", { jid: item.jid.toString() }, ...writeFields(item.fields)),
      ),
      page && resultSetPage.write(page),
    ),
});

function readFields(parent: Element): SearchFields {
  const found: { -readonly [name in keyof SearchFields]: string } = {};
  for (const name of FIELDS) {
    const text = parent.child(SEARCH_NS, name)?.text;
    if (text !== undefined) found[name] = text;
  }
  return found;
}

function writeFields(fields: SearchFields): Element[] {
  return FIELDS.flatMap((name) => {
    const text = fields[name];
    return text === undefined ? [] : [el(SEARCH_NS, name, {}, text)];
  });
}
