import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";

/** A line to a server that can break. */
export interface BadLine {
  /** The origin of the server as it is reached over this line. */
  readonly origin: string;
  /** Breaks all connections at once, and lets none through before `mend`. */
  cut(): void;
  mend(): void;
}

/** @param origin of the server, on this machine. */
export async function badLine(t: TestContext, origin: string): Promise<BadLine> {
  const { port } = new URL(origin);
  const sockets = new Set<Socket>();
  let isCut = false;
  const listener = createServer((near) => {
    if (isCut) return void near.resetAndDestroy();
    const far = connect(Number(port), "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  t.after(() => {
    listener.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    origin: `http://localhost:${(listener.address() as AddressInfo).port}`,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    mend() {
      isCut = false;
    },
  };
}
