import { join, relative } from "node:path";
import { AdminError } from "./errors.ts";

const SOCKET_FILE = "admin.sock";
/** `sun_path` has 108 bytes on Linux and 104 elsewhere, with the NUL at its end. */
const LONGEST = 103;

/**
 * The path of the socket in a data directory. Relative to the current folder if that is shorter:
 * the system allows few bytes.
 *
 * @param directory absolute.
 * @throws AdminError
 */
export function adminSocketPath(directory: string): string {
  const absolute = join(directory, SOCKET_FILE);
  const near = relative(process.cwd(), absolute);
  const path = near !== "" && near.length < absolute.length ? near : absolute;
  if (Buffer.byteLength(path) <= LONGEST) return path;
  throw new AdminError(
    "refused",
    `the path of the data directory "${directory}" is too long for the socket in it; ` +
      `choose one of at most ${LONGEST - SOCKET_FILE.length - 1} bytes, or start from a folder near it`,
  );
}
