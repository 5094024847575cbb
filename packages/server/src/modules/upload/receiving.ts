import type { FileHandle } from "node:fs/promises";
import type { Host } from "../../host.ts";
import { empty, HttpError, type HttpReply } from "../../http/reply.ts";
import type { HttpRequest } from "../../http/request.ts";
import { readPathPart } from "./file-names.ts";
import { codeOf, type Folder } from "./folder.ts";
import { mediaType, UNKNOWN_TYPE } from "./media-types.ts";
import type { Records } from "./records.ts";
import type { Slot, Slots } from "./slots.ts";

export interface ReceivingParts {
  readonly slots: Slots;
  readonly records: Records;
  readonly folder: Folder;
}

/** Takes the files that places were given for (XEP-0363 §7). */
export class Receiving {
  readonly #host: Host;
  readonly #parts: ReceivingParts;

  constructor(host: Host, parts: ReceivingParts) {
    this.#host = host;
    this.#parts = parts;
  }

  /**
   * Answers a PUT: 201 once the file is safe, whatever happens to the machine then.
   * @throws HttpError for what is no upload to a place that is free.
   */
  async put(request: HttpRequest): Promise<HttpReply> {
    const { slots } = this.#parts;
    const slot = this.#slotOf(request.rest);
    checkLength(request, slot.size);
    const type = checkType(request, slot);
    slots.begin(slot);
    try {
      await this.#receive(request, slot, type);
    } catch (error) {
      throw refusalOf(error);
    } finally {
      slots.end(slot);
    }
    return empty(201);
  }

  #slotOf(rest: string): Slot {
    const [token = "", name, ...more] = rest.split("/");
    const slot = this.#parts.slots.get(token);
    if (slot !== undefined && more.length === 0 && readPathPart(name ?? "") === slot.name) {
      return slot;
    }
    throw new HttpError(404, "nothing can be uploaded here (any more); ask for another place");
  }

  async #receive(request: HttpRequest, slot: Slot, type: string): Promise<void> {
    const { folder } = this.#parts;
    const handle = await folder.draft(slot.id);
    try {
      try {
        await this.#write(request, slot, handle);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await this.#keep(slot, type);
    } catch (error) {
      await this.#tidied(folder.discard(slot.id));
      throw error;
    }
  }

  /** One piece after the other: while the disk is busy, nothing is read from the client. */
  async #write(request: HttpRequest, slot: Slot, handle: FileHandle): Promise<void> {
    const { clock, limits } = this.#host;
    const deadline = clock.now() + limits.uploadSeconds * 1000;
    let received = 0;
    for await (const chunk of request.stream(slot.size)) {
      this.#checkGoing(slot);
      if (clock.now() > deadline) throw new HttpError(408, "the upload took too long");
      const bytes = chunk as Uint8Array;
      received += bytes.length;
      await handle.appendFile(bytes);
    }
    if (received !== slot.size) throw wrongLength(slot.size);
  }

  /**
   * First what is known of the file, then the file itself: if the machine stops in between, the
   * draft that is left tells what to forget ({@link Cleaning}).
   */
  async #keep(slot: Slot, type: string): Promise<void> {
    const { records, folder } = this.#parts;
    this.#checkGoing(slot);
    const { size, name, expires } = slot;
    const at = this.#host.clock.now();
    await records.add(slot, { size, type, name, at, ...(expires !== undefined && { expires }) });
    try {
      await folder.publish(slot);
      this.#checkGoing(slot);
    } catch (error) {
      await this.#tidied(folder.remove(slot));
      await this.#tidied(records.remove(slot));
      throw error;
    }
  }

  /** What cannot be tidied up is told to the log; the client hears of what went wrong first. */
  async #tidied(work: Promise<void>): Promise<void> {
    await work.catch((error: unknown) =>
      this.#host.log.error("what is left of an upload could not be removed", { error }),
    );
  }

  #checkGoing({ cancelled }: Slot): void {
    if (cancelled) throw new HttpError(410, "the account that uploads this is gone");
    if (this.#host.signal.aborted) throw new HttpError(503, "the server is stopping");
  }
}

/**
 * XEP-0363 §7: the length must be told, and be the one of the slot. What says it in another way
 * (chunks) or wraps the file up is refused.
 */
function checkLength({ headers }: HttpRequest, size: number): void {
  const length = headers["content-length"];
  if (headers["transfer-encoding"] !== undefined || length === undefined) {
    throw new HttpError(411, `the upload has no Content-Length; send one of ${size}`);
  }
  const told = /^\d{1,16}$/.test(length) ? Number(length) : Number.NaN;
  if (told > size) throw new HttpError(413, `this place is for ${size} bytes, not for more`);
  if (told !== size) throw wrongLength(size);
  if (headers["content-range"] !== undefined) {
    throw new HttpError(400, "a file is uploaded as a whole, without Content-Range");
  }
  if ((headers["content-encoding"] ?? "identity") !== "identity") {
    throw new HttpError(415, "a file is uploaded as it is, without Content-Encoding");
  }
}

/** @returns what the file is of. */
function checkType({ headers }: HttpRequest, { type }: Slot): string {
  const told = headers["content-type"];
  const read = told === undefined ? undefined : mediaType(told);
  if (type === undefined) return read ?? UNKNOWN_TYPE;
  if (told === undefined || read === type) return type;
  throw new HttpError(415, `this place is for a file of ${type}; send it with this Content-Type`);
}

function wrongLength(size: number): HttpError {
  return new HttpError(400, `this place is for ${size} bytes, not for fewer`);
}

/** What the client is told: a full disk is no fault of its own, and may be over later. */
export function refusalOf(error: unknown): unknown {
  if (!["ENOSPC", "EDQUOT", "EFBIG"].includes(codeOf(error) ?? "")) return error;
  return new HttpError(507, "there is no room for the file here; try again later");
}
