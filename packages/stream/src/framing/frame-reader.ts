import { NS, StreamError } from "@rookery/protocol";
import {
  Element,
  type ParserLimits,
  type StreamClose,
  type StreamOpen,
  StreamParser,
  XmlError,
} from "@rookery/xml";
import { FRAMING_NS } from "./framed.ts";

/**
 * Reads frames, each of them one whole element (RFC 7395 §3.3), as strictly as a stream of bytes is
 * read. It keeps nothing between two frames, so that one reader serves any number of connections.
 */
export class FrameReader {
  #parser: StreamParser | undefined = undefined;

  /**
   * What one frame says. `<open/>` and `<close/>` are given as the header and the end of a stream.
   *
   * @param frame a text frame, in UTF-8.
   * @throws XmlError, or StreamError for what is well-formed and no frame of XMPP.
   */
  read(frame: Uint8Array, limits: ParserLimits): Element | StreamOpen | StreamClose {
    if (frame[0] !== LESS_THAN) {
      throw new StreamError("bad-format", "a frame begins with `<` (RFC 7395 §3.3.3)");
    }
    const parser = this.#ready(limits);
    // what throws leaves the parser in the middle of something
    this.#parser = undefined;
    parser.write(frame);
    const item = parser.next();
    if (item === undefined) {
      throw new XmlError("not-well-formed", "the frame ends within an element");
    }
    if ("event" in item) throw new XmlError("not-well-formed", "found an end tag without a start");
    if (parser.next() !== undefined || parser.pending) {
      throw new StreamError("bad-format", "a frame has one element (RFC 7395 §3.3.3)");
    }
    this.#parser = parser;
    return item.ns === FRAMING_NS ? framed(item) : item;
  }

  /** Inside a root that declares nothing, elements are read as if they stood alone. */
  #ready(limits: ParserLimits): StreamParser {
    let parser = this.#parser;
    if (parser === undefined) {
      parser = new StreamParser(limits);
      parser.write(ROOT);
      parser.next();
    } else {
      parser.limits = limits;
    }
    return parser;
  }
}

const LESS_THAN = 0x3c;
const ROOT = new TextEncoder().encode("<frames>");

function framed(element: Element): StreamOpen | StreamClose {
  if (element.name === "close") return { event: "close" };
  if (element.name !== "open" || element.children.length > 0) {
    throw new StreamError("bad-format", "a stream begins with <open/>, which is empty");
  }
  const header = new Element(NS.streams, "stream", element.attrs);
  return { event: "open", header, defaultNs: NS.client };
}
