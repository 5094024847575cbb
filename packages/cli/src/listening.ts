import { type Config, type ListenAddress, writeListenAddress } from "@rookery/server";
import { CommandError } from "./failure.ts";

/** Why an address could not be listened on, and what to do; other errors come back as they are. */
export function listenFailure(error: unknown, { listen }: Config): unknown {
  if (!(error instanceof Error) || !isListenError(error)) return error;
  for (const use of USES) {
    const address = listen[use].find((one) => isAbout(error, one));
    if (address === undefined) continue;
    const where = `${addressText(address)} (listen.${use})`;
    return new CommandError(`cannot listen on ${where}: ${advice(error, use, address)}`);
  }
  return error;
}

type Use = keyof Config["listen"];

/** In the order they are listened on. */
const USES: readonly Use[] = ["c2s", "c2sTls", "component", "http", "https"];

interface ListenError extends Error {
  readonly code: string;
  readonly port?: number;
  readonly address?: string;
}

function isListenError(error: Error): error is ListenError {
  // `getaddrinfo` is of a host name that does not resolve
  return "syscall" in error && (error.syscall === "listen" || error.syscall === "getaddrinfo");
}

function isAbout(error: ListenError, { host, port }: ListenAddress): boolean {
  if (error.port === undefined) return "hostname" in error && error.hostname === host;
  return (
    error.port === port &&
    (host === undefined || host === error.address || !/^[\d.]+$|:/.test(host))
  );
}

function advice(error: ListenError, use: Use, address: ListenAddress): string {
  const other = { ...address, port: (address.port + 100) % 65_536 };
  const written = other.host === undefined ? `${other.port}` : `"${writeListenAddress(other)}"`;
  const elsewhere = `write another port into rookery.yaml: listen: { ${use}: ${written} }`;
  switch (error.code) {
    case "EADDRINUSE":
      return `another program has it. Stop that program, or ${elsewhere}`;
    case "EACCES":
      return `the system does not permit it. Run as a user who may, or ${elsewhere}`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return "this machine has no such address. Leave the host out to listen on all addresses";
    default:
      return error.message;
  }
}

/** As in `port 5222`, or `127.0.0.1:5222` where a host is named. */
export function addressText(address: ListenAddress): string {
  return address.host === undefined ? `port ${address.port}` : writeListenAddress(address);
}
