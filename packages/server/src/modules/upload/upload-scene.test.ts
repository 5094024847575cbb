/** What tests of uploads share. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { NS, UPLOAD_NS, type UploadSlot, uploadSlot } from "@rookery/protocol";
import { conversation, type Person, type Scene } from "@rookery/testkit";
import type { Element } from "@rookery/xml";
import type { ConfigInput } from "../../config/config.ts";

export const cast = {
  romeo: "romeo@example.org/balcony",
  juliet: "juliet@example.org/chamber",
} as const;

/** A conversation on a server that has a web. */
export function webConversation(
  play: (scene: Scene<typeof cast>) => Promise<void>,
  config: ConfigInput = {},
): () => Promise<void> {
  return conversation(
    cast,
    async (scene) => {
      await scene.stage.server.listen();
      await play(scene);
    },
    {
      config: {
        ...config,
        listen: { http: "127.0.0.1:0", ...config.listen },
        limits: { idleSeconds: 0, ...config.limits }, // days pass
      },
    },
  );
}

/** Text as it stands in an attribute. */
const attribute = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("'", "&apos;").replaceAll("<", "&lt;");

/** What is told of a file; `purpose` is XML (XEP-0363 §5). */
export interface FileWish {
  readonly name?: string;
  readonly type?: string;
  readonly purpose?: string;
}

/** Asks for a place for a file of so many bytes; gives what is answered. */
export async function asksForSlot(
  person: Person,
  size: number | string,
  { name = "garden.jpg", type = "", purpose = "" }: FileWish = {},
): Promise<Element> {
  const id = `slot-${Math.random()}`;
  const contentType = type === "" ? "" : `content-type='${type}'`;
  return person.asks(
    `<iq type='get' id='${id}' to='upload.${person.jid.domain}'><request xmlns='${UPLOAD_NS}'
      filename='${attribute(name)}' size='${size}' ${contentType}>${purpose}</request></iq>`,
  );
}

/** As {@link asksForSlot}; fails unless there is one. */
export async function slotFor(
  person: Person,
  size: number,
  wish: FileWish = {},
): Promise<UploadSlot> {
  const answer = await asksForSlot(person, size, wish);
  const slot = answer.child(UPLOAD_NS, "slot");
  if (slot === undefined) throw new Error(`no slot: ${conditionOf(answer)}`);
  return uploadSlot.read(slot);
}

/** The condition of an error. */
export function conditionOf(iq: Element): string | undefined {
  return iq.child(NS.client, "error")?.elements(NS.stanzaErrors)[0]?.name;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** Asks the server on this machine, whatever the name of its host is. */
export async function http(
  method: string,
  url: string,
  { body, headers = {} }: { body?: string | Uint8Array; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { host, port, pathname } = new URL(url);
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const asked = request({
    host: "127.0.0.1",
    port,
    method,
    path: pathname,
    agent: false,
    headers: { host, ...length, ...headers },
  });
  asked.on("error", () => {}); // the server closes what it does not want to read
  asked.end(body);
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks),
  };
}

/** Uploads a file; gives its address. */
export async function uploads(
  person: Person,
  content: string | Uint8Array,
  wish: FileWish = {},
): Promise<string> {
  const { put, get } = await slotFor(person, Buffer.byteLength(content), wish);
  const answer = await http("PUT", put, { body: content });
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.body}`);
  return get;
}
