import { createServer, type Log, silentLog } from "@rookery/server";
import { webModules } from "@rookery/web";
import { loadConfiguration } from "./configuration.ts";
import { EXIT } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

/**
 * `rookery check`: reads the configuration and the certificates and modules that it names. Makes
 * the server, but opens neither its data nor its ports.
 *
 * @throws ConfigError, CertificateError and what modules throw.
 */
export async function check(file: string | undefined, terminal: Terminal): Promise<number> {
  const loaded = await loadConfiguration(file, terminal.env);
  const log = warningsTo(terminal);
  const server = await createServer(
    { ...loaded.config, storage: "memory" },
    { log, modules: webModules },
  );
  await server.stop();
  terminal.stdout.write(`ok: ${loaded.file ?? "no configuration file, everything by default"}\n`);
  return EXIT.ok;
}

/** What works but will not please, as a certificate that ends soon. */
function warningsTo(terminal: Terminal): Log {
  const warn = (text: string): void => {
    terminal.stderr.write(`warning: ${text}\n`);
  };
  const log: Log = { ...silentLog, warn, error: warn, part: () => log };
  return log;
}
