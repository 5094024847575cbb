/** Message Archive Management: XEP-0313 (1.1.3), with Full Text Search by XEP-0431 (0.2.0). */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec, type Marker, marker } from "../codec.ts";
import { formatDateTime, parseDateTime } from "../datetime.ts";
import { StanzaError } from "../errors.ts";
import { defineForm, type FormValues } from "../form-definition.ts";
import { dataForm, type Form } from "../forms.ts";
import type { Jid } from "../jid.ts";
import { quoted, readBoolean, requiredAttr } from "../reading.ts";
import {
  type ResultSetPage,
  type ResultSetRequest,
  resultSetPage,
  resultSetRequest,
} from "../rsm.ts";
import { type Forwarded, forwarded } from "./forward.ts";

/** The namespace, which is also the feature and the FORM_TYPE of queries. */
export const MAM_NS = "urn:xmpp:mam:2";

/** Which messages a query is for (XEP-0313 §4.1); what is absent does not restrict. */
export interface ArchiveFilter {
  /** With whom; a bare JID stands for all its resources too. */
  readonly with?: Jid | undefined;
  /** Not before, and not after, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  /** Before, and after, the message of this archive id. */
  readonly beforeId?: string | undefined;
  readonly afterId?: string | undefined;
  /** Those of these archive ids; never empty. */
  readonly ids?: readonly string[] | undefined;
  /** With or without messages of rooms in a user's archive (§4.1.4). */
  readonly includeGroupchat?: boolean | undefined;
  /** Those that a search for this text finds (XEP-0431); never empty. */
  readonly fulltext?: string | undefined;
}

/** A query (XEP-0313 §4). */
export interface ArchiveQuery {
  /** Comes again in each result. */
  readonly queryId?: string | undefined;
  /** The node of a pubsub archive (§6.1.3). */
  readonly node?: string | undefined;
  readonly filter: ArchiveFilter;
  readonly page?: ResultSetRequest | undefined;
  /** The results of the page come in the opposite order (§4.3.4). */
  readonly flipPage: boolean;
}

/**
 * The `<query/>` that searches.
 *
 * @throws StanzaError `bad-request` for another form, a date that is none, a malformed page request;
 * `not-acceptable` for a `with` that is no JID or a value that is too long; `feature-not-implemented`
 * for a field that is not in {@link ArchiveFilter}: to leave it out would answer another question.
 */
export const archiveQuery: Codec<ArchiveQuery> = codec<ArchiveQuery>({
  ns: MAM_NS,
  name: "query",
  read(query) {
    const form = dataForm.in(query);
    return {
      queryId: query.attr("queryid"),
      node: query.attr("node"),
      filter: form === undefined ? {} : readFilter(form),
      page: resultSetRequest.in(query),
      flipPage: query.child(MAM_NS, "flip-page") !== undefined,
    };
  },
  write({ queryId, node, filter, page, flipPage }) {
    const values = writeFilter(filter);
    return el(
      MAM_NS,
      "query",
      { queryid: queryId, node },
      Object.keys(values).length === 0 ? undefined : dataForm.write(filterForm.submit(values)),
      page && resultSetRequest.write(page),
      flipPage ? el(MAM_NS, "flip-page") : undefined,
    );
  },
});

/** The question which fields there are, and the answer (XEP-0313 §4.1.5). */
export interface ArchiveFormQuery {
  readonly node?: string | undefined;
  /** Absent in the question. */
  readonly form?: Form | undefined;
}

/** The `<query/>` of an IQ of type get, and of its result. */
export const archiveFormQuery: Codec<ArchiveFormQuery> = codec<ArchiveFormQuery>({
  ns: MAM_NS,
  name: "query",
  read: (query) => ({ node: query.attr("node"), form: dataForm.in(query) }),
  write: ({ node, form }) => el(MAM_NS, "query", { node }, form && dataForm.write(form)),
});

/** The form of the fields that an archive knows: those of XEP-0313, and those it can do besides. */
export function archiveForm(
  can: { readonly groupchat?: boolean; readonly fulltext?: boolean } = {},
): Form {
  const form = filterForm.form();
  const left = new Set([can.groupchat ? "" : GROUPCHAT, can.fulltext ? "" : FULLTEXT]);
  return { ...form, fields: form.fields.filter((field) => !left.has(field.var ?? "")) };
}

/** One message of the results (XEP-0313 §4.2). */
export interface ArchiveResult {
  readonly queryId?: string | undefined;
  /** Its id in the archive. */
  readonly id: string;
  readonly forwarded: Forwarded;
}

/** The `<result/>` of a message. @throws StanzaError `bad-request` without an id or a stanza. */
export const archiveResult: Codec<ArchiveResult> = codec<ArchiveResult>({
  ns: MAM_NS,
  name: "result",
  read(result) {
    const inside = forwarded.in(result);
    if (inside === undefined) {
      throw new StanzaError("bad-request", "a <result/> of an archive needs a <forwarded/>");
    }
    return {
      queryId: result.attr("queryid"),
      id: requiredAttr(result, "id"),
      forwarded: inside,
    };
  },
  write: ({ queryId, id, forwarded: inside }) =>
    el(MAM_NS, "result", { queryid: queryId, id }, forwarded.write(inside)),
});

/** The end of the results (XEP-0313 §4.3). */
export interface ArchiveFin {
  /** There is nothing beyond this page. */
  readonly complete: boolean;
  /** What was sent will not change any more; said unless it is not so. */
  readonly stable: boolean;
  readonly page?: ResultSetPage | undefined;
}

/** The `<fin/>` of the answer to a query. @throws StanzaError `bad-request` */
export const archiveFin: Codec<ArchiveFin> = codec<ArchiveFin>({
  ns: MAM_NS,
  name: "fin",
  read: (fin) => ({
    complete: flag(fin, "complete", false),
    stable: flag(fin, "stable", true),
    page: resultSetPage.in(fin),
  }),
  write: ({ complete, stable, page }) =>
    el(
      MAM_NS,
      "fin",
      { complete: complete ? "true" : undefined, stable: stable ? undefined : "false" },
      page && resultSetPage.write(page),
    ),
});

/** A message by its place in an archive. */
export interface ArchivePoint {
  readonly id: string;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly timestamp: number;
}

/** Where an archive begins and ends (XEP-0313 §5); undefined if it is empty. */
export interface ArchiveMetadata {
  readonly range: { readonly start: ArchivePoint; readonly end: ArchivePoint } | undefined;
}

/** The `<metadata/>` of a request. */
export const archiveMetadataRequest: Codec<Marker> = marker(MAM_NS, "metadata");

/** The `<metadata/>` of an answer. @throws StanzaError `bad-request` for a start without an end. */
export const archiveMetadata: Codec<ArchiveMetadata> = codec<ArchiveMetadata>({
  ns: MAM_NS,
  name: "metadata",
  read(metadata) {
    const start = metadata.child(MAM_NS, "start");
    const end = metadata.child(MAM_NS, "end");
    if (start && end) return { range: { start: readPoint(start), end: readPoint(end) } };
    if (start === end) return { range: undefined };
    throw new StanzaError("bad-request", "<metadata/> has both <start/> and <end/>, or neither");
  },
  write: ({ range }) =>
    el(
      MAM_NS,
      "metadata",
      {},
      range && writePoint("start", range.start),
      range && writePoint("end", range.end),
    ),
});

const GROUPCHAT = "include-groupchat";
const FULLTEXT = "{urn:xmpp:fulltext:0}fulltext";

/** Archive ids are made by whoever answers; a longer one was never handed out. */
const ID = { type: "text-single", maxLength: 1024 } as const;

const filterForm = defineForm({
  formType: MAM_NS,
  fields: {
    with: { type: "jid-single" },
    start: { type: "text-single" },
    end: { type: "text-single" },
    "before-id": ID,
    "after-id": ID,
    ids: { type: "list-multi", open: true, maxLength: ID.maxLength },
    [GROUPCHAT]: { type: "boolean" },
    [FULLTEXT]: { type: "text-single" },
  },
});

function readFilter(form: Form): ArchiveFilter {
  for (const { var: name } of form.fields) {
    if (name === undefined || name === "FORM_TYPE") continue;
    if (!Object.hasOwn(filterForm.fields, name)) {
      throw new StanzaError(
        "feature-not-implemented",
        `this archive cannot be searched by ${quoted(name)}; ask it for its form`,
      );
    }
  }
  const values = filterForm.read(form);
  return {
    ...(values.with && { with: values.with }),
    ...(values.start && { start: parseDateTime(values.start.trim()) }),
    ...(values.end && { end: parseDateTime(values.end.trim()) }),
    ...(values["before-id"] && { beforeId: values["before-id"] }),
    ...(values["after-id"] && { afterId: values["after-id"] }),
    ...(values.ids && values.ids.length > 0 && { ids: values.ids }),
    ...(values[GROUPCHAT] !== undefined && { includeGroupchat: values[GROUPCHAT] }),
    ...(values[FULLTEXT] && { fulltext: values[FULLTEXT] }),
  };
}

function writeFilter(filter: ArchiveFilter): FormValues<(typeof filterForm)["fields"]> {
  const { start, end, beforeId, afterId, ids, includeGroupchat, fulltext } = filter;
  return {
    ...(filter.with && { with: filter.with }),
    ...(start !== undefined && { start: formatDateTime(start) }),
    ...(end !== undefined && { end: formatDateTime(end) }),
    ...(beforeId !== undefined && { "before-id": beforeId }),
    ...(afterId !== undefined && { "after-id": afterId }),
    ...(ids !== undefined && { ids }),
    ...(includeGroupchat !== undefined && { [GROUPCHAT]: includeGroupchat }),
    ...(fulltext !== undefined && { [FULLTEXT]: fulltext }),
  };
}

function flag(element: Element, key: string, otherwise: boolean): boolean {
  const text = element.attr(key);
  const value = text === undefined ? otherwise : readBoolean(text);
  if (value !== undefined) return value;
  throw new StanzaError(
    "bad-request",
    `"${key}" of <${element.name}/> is true or false, not ${quoted(text ?? "")}`,
  );
}

function readPoint(element: Element): ArchivePoint {
  return {
    id: requiredAttr(element, "id"),
    timestamp: parseDateTime(requiredAttr(element, "timestamp")),
  };
}

function writePoint(name: string, { id, timestamp }: ArchivePoint): Element {
  return el(MAM_NS, name, { id, timestamp: formatDateTime(timestamp) });
}
