/** What tests share that run the server in a process of its own, to kill it or to look at it. */
import { type ChildProcess, spawn } from "node:child_process";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";

export const PASSWORD = "pencil";

const SERVER = new URL("../../index.ts", import.meta.url).href;
const PROTOCOL = import.meta.resolve("@rookery/protocol");

export interface RunningServer {
  readonly child: ChildProcess;
  readonly port: number;
}

export interface ServerOptions {
  readonly accounts: readonly string[];
  readonly limits?: { readonly [name: string]: number };
  /** A program, with its arguments, that runs the server: for example `strace`. */
  readonly under?: readonly [string, ...string[]];
}

/** Starts a server on a folder of data, which may be there from another one that was killed. */
export async function startServer(data: string, options: ServerOptions): Promise<RunningServer> {
  const config = {
    domains: [{ name: "example.org" }],
    data,
    listen: { c2s: "127.0.0.1:0", c2sTls: false, http: false, https: false },
    auth: { requireTls: false, plainWithoutTls: true },
    limits: { c2sBytesPerSecond: 0, ...options.limits },
  };
  const program = `
    const { createServer } = await import(${JSON.stringify(SERVER)});
    const { Jid } = await import(${JSON.stringify(PROTOCOL)});
    const server = await createServer(${JSON.stringify(config)});
    const { accounts } = server.host("example.org");
    for (const name of ${JSON.stringify(options.accounts)}) {
      const jid = Jid.parse(name);
      if (!(await accounts.exists(jid))) await accounts.create(jid, ${JSON.stringify(PASSWORD)});
    }
    await server.listen();
    console.log("port", server.ports.c2s[0]);`;
  const running = ["--input-type=module", "-e", program];
  const [command, ...args]: readonly [string, ...string[]] = options.under
    ? [...options.under, process.execPath, ...running]
    : [process.execPath, ...running];
  // a group of its own, so that it ends with what runs it
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], detached: true });
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^port (\d+)$/.exec(line)?.[1];
    if (port !== undefined) return { child, port: Number(port) };
  }
  throw new Error("the server did not start");
}

/** Kills a server, if it still runs, and waits for its end. */
export async function killServer({ child }: RunningServer): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  await gone;
}

export function connectTo({ port }: RunningServer): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket.setNoDelay()));
    socket.once("error", reject);
  });
}
