export interface AskOptions {
  readonly method: "GET" | "POST";
  /** For the whole of it. */
  readonly timeoutMs: number;
  /** Of the body of the answer. */
  readonly maxBytes: number;
  readonly body?: URLSearchParams;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * Asks by HTTP, in bounded time, for an answer of bounded size. Redirects are not followed: what is
 * sent along is meant for one place.
 *
 * @throws Error if there is no answer in time, or it is too long.
 */
export async function ask(
  url: URL,
  { method, timeoutMs, maxBytes, body, headers = {} }: AskOptions,
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers,
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
    ...(body && { body }),
  });
  return { status: response.status, text: await read(response, maxBytes) };
}

async function read(response: Response, maxBytes: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  // leaving the loop cancels the rest
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
