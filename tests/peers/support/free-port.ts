import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * A port that is free now, for a server that has to come back on the same one. It is below those
 * that systems give to outgoing connections, so that none of these takes it in the meantime.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(20_000, 32_000);
    if (await canListen(port)) return port;
  }
  throw new Error("no free port between 20000 and 32000 was found in 100 tries");
}

function canListen(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
