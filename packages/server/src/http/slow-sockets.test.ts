/** What tests of slow clients share. */
import { text } from "./reply.ts";
import type { RawSocket, WebStage } from "./web-stage.test.ts";

/** How fast they are. */
interface Pace {
  /** Of those that send a body, how long it is to be. */
  readonly bodyBytes: number;
  /** Milliseconds from one byte to the next. */
  readonly dripMs: number;
}

/**
 * 500 clients of a server that answers `/` and takes a body at `/body`: a third of them sends a head, a
 * third a body, byte by byte, and the others no more than that.
 */
export async function slowSockets(
  stage: WebStage,
  { bodyBytes, dripMs }: Pace,
): Promise<{ readonly sockets: readonly RawSocket[] } & Disposable> {
  stage.router.add(undefined, "GET", "/", () => text("hello"));
  stage.router.add(undefined, "POST", "/body", async (request) => {
    await request.body(1000);
    return text("");
  });
  const head = `POST /body HTTP/1.1\r\nHost: example.org\r\nContent-Length: ${bodyBytes}\r\n\r\n1`;
  const sockets: RawSocket[] = [];
  for (let i = 0; i < 500; i++) {
    const socket = await stage.connect();
    sockets.push(socket);
    if (i % 3 === 0) socket.write("GET / HTTP/1.1\r\nHost: exam");
    else if (i % 3 === 1) socket.write(head);
  }
  const drip = setInterval(() => {
    for (const { socket } of sockets) if (!socket.destroyed) socket.write("x");
  }, dripMs);
  return { sockets, [Symbol.dispose]: () => clearInterval(drip) };
}
