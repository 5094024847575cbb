import {
  AdminError,
  Administration,
  AdminSocket,
  type Config,
  createServer,
  type InvitationMade,
  jsonLog,
  type Log,
  openDataDirectory,
  type Server,
  systemClock,
  terminalLog,
} from "@rookery/server";
import { webModules } from "@rookery/web";
import { loadConfiguration } from "./configuration.ts";
import { EXIT } from "./failure.ts";
import { listenFailure } from "./listening.ts";
import { listenForSignals, type Signals } from "./signals.ts";
import type { Terminal } from "./terminal.ts";
import { welcome } from "./welcome.ts";

/**
 * `rookery start`: runs the server until SIGTERM or SIGINT. Everything is committed when it
 * returns.
 */
export async function start(file: string | undefined, terminal: Terminal): Promise<number> {
  const { config } = await loadConfiguration(file, terminal.env);
  const log = logOf(config, terminal);
  exitOnFaults(log);
  const signals = listenForSignals(process, () => process.exit(EXIT.failed));
  // with sqlite the server holds the data directory; the admin socket is in it in any case
  const directory = config.storage === "memory" ? openDataDirectory(config.data) : undefined;
  const server = await createServer(config, { log, modules: webModules });
  signals.onReload = () => void reloadCertificates(server, log);
  try {
    if (!signals.stopping) await serve(server, { file, signals, log, terminal });
  } finally {
    await server.stop();
    directory?.close();
    signals.release();
  }
  log.info("stopped");
  return EXIT.ok;
}

interface Serving {
  readonly file: string | undefined;
  readonly signals: Signals;
  readonly log: Log;
  readonly terminal: Terminal;
}

async function serve(server: Server, { file, signals, log, terminal }: Serving): Promise<void> {
  const { config } = server;
  await server.listen().catch((error: unknown) => {
    throw listenFailure(error, config);
  });
  const administration = new Administration(server);
  const admin = await AdminSocket.listen({
    directory: config.data,
    administration,
    clock: systemClock,
    log: log.part("admin"),
  });
  const { users } = await administration.listUsers(undefined, undefined, 1);
  const firstInvitation = users.length === 0 ? await inviteFirst(administration) : undefined;
  terminal.stdout.write(
    welcome({
      config,
      configOption: file,
      ports: server.ports,
      web: server.webUrl("/"),
      fingerprint: (domain) => server.certificates.certificate(domain)?.fingerprint256,
      hasUsers: users.length > 0,
      firstInvitation,
    }),
  );
  log.info("started", { ports: server.ports });
  await signals.stop;
  log.info("stopping");
  await admin.close();
}

/** For the first account, which administers the server; undefined where nobody is to be invited. */
async function inviteFirst(administration: Administration): Promise<InvitationMade | undefined> {
  try {
    return await administration.createInvitation({ admin: true, first: true });
  } catch (error) {
    if (error instanceof AdminError) return undefined;
    throw error;
  }
}

/** Lines of JSON for programs, short ones for people. */
function logOf({ log }: Config, { stderr }: Terminal): Log {
  const options = { level: log.level, sink: stderr };
  return stderr.isTTY === true ? terminalLog(options) : jsonLog(options);
}

/** A fault that nobody caught leaves an unknown state behind: never go on from it. */
function exitOnFaults(log: Log): void {
  process.on("uncaughtException", (error, origin) => {
    log.error("the server ends because of a fault", { origin, error });
    process.exit(EXIT.failed);
  });
}

async function reloadCertificates(server: Server, log: Log): Promise<void> {
  try {
    await server.certificates.reload();
    log.info("read the certificates again");
  } catch (error) {
    log.error("the certificates stay as they were", { error });
  }
}
