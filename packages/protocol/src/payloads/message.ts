/** What a message says: RFC 6121 §5.2. */
import { type Element, el, type Node } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";
import { NS } from "../namespaces.ts";

/** A text in one language of several. */
export interface LocalText {
  readonly text: string;
  /** Its own `xml:lang`; absent where that of the stanza holds. */
  readonly lang?: string | undefined;
}

/** One `<body/>` (RFC 6121 §5.2.3). */
export const body: Codec<LocalText> = localText("body");

/** One `<subject/>` (RFC 6121 §5.2.4). An empty one removes the subject of a room. */
export const subject: Codec<LocalText> = localText("subject");

/** The conversation that a message belongs to (RFC 6121 §5.2.5). */
export interface Thread {
  /** Not to be read by people. */
  readonly id: string;
  /** The thread that this one branched off. */
  readonly parent?: string | undefined;
}

/** The `<thread/>` of a message. */
export const thread: Codec<Thread> = codec<Thread>({
  ns: NS.client,
  name: "thread",
  read: (element) => ({ id: element.text, parent: element.attr("parent") }),
  write: ({ id, parent }) => el(NS.client, "thread", { parent }, id),
});

/**
 * The text that a stanza has in several languages, in the wanted one if it is there: the same tag,
 * or a longer one that starts with it, or else the first text that has no language of its own, or
 * else the first of all. Undefined if there is no text.
 *
 * @example textIn(message, body, "de")
 */
export function textIn(
  parent: { readonly children: readonly Node[]; readonly lang?: string | undefined },
  kind: Codec<LocalText>,
  lang?: string,
): string | undefined {
  const texts = allTexts(parent.children, kind);
  const wanted = lang?.toLowerCase();
  const matches = texts.find(({ lang: own = parent.lang }) => isOf(own?.toLowerCase(), wanted));
  return (matches ?? texts.find((text) => text.lang === undefined) ?? texts[0])?.text;
}

/** All texts of one kind that a stanza has, in their order. */
export function allTexts(children: readonly Node[], kind: Codec<LocalText>): LocalText[] {
  const texts: LocalText[] = [];
  for (const node of children) {
    if (typeof node !== "string" && node.is(kind.ns, kind.name)) texts.push(kind.read(node));
  }
  return texts;
}

/** Basic filtering of language tags: RFC 4647 §3.3.1. */
function isOf(tag: string | undefined, range: string | undefined): boolean {
  return range !== undefined && (tag === range || (tag?.startsWith(`${range}-`) ?? false));
}

/** The codec of an element of a stanza that may come once for each language. */
export function localText(name: string): Codec<LocalText> {
  return codec<LocalText>({
    ns: NS.client,
    name,
    read: (element: Element) => ({ text: element.text, lang: element.attr("xml:lang") }),
    write: ({ text, lang }) => el(NS.client, name, { "xml:lang": lang }, text),
  });
}
