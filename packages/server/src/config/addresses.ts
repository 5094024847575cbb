import type { ListenAddress } from "./config.ts";

/**
 * Reads where to listen: a port, or "host:port" with an IPv6 address in brackets.
 *
 * @returns the address, or what is wrong with it.
 */
export function readListenAddress(input: number | string): ListenAddress | string {
  if (typeof input === "number") return isPort(input) ? { port: input } : badPort(String(input));
  if (/^\d+$/.test(input)) return `write the port ${input} as a number, without quotes`;
  const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]/@]+)):(\d+)$/.exec(input);
  if (parts === null) {
    return `"${input}" is not "host:port"; write for example 5222, "127.0.0.1:5222" or "[::1]:5222"`;
  }
  const port = Number(parts[3]);
  if (!isPort(port)) return badPort(input);
  return { host: parts[1] ?? parts[2] ?? "", port };
}

/** The form that {@link readListenAddress} reads. */
export function writeListenAddress({ host, port }: ListenAddress): string {
  if (host === undefined) return String(port);
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535;
}

function badPort(input: string): string {
  return `the port of ${input} is not between 0 (any free one) and 65535`;
}
