import {
  fileTooLarge,
  type Jid,
  quoted,
  retryUpload,
  StanzaError,
  type UploadRequest,
  uploadSlot,
} from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import type { Host } from "../../host.ts";
import type { IqRequest } from "../../iq.ts";
import { cleanName, pathPart } from "./file-names.ts";
import type { Folder } from "./folder.ts";
import { mediaType } from "./media-types.ts";
import type { UploadOptions } from "./options.ts";
import { dayOf, type Records, startOf, type Usage } from "./records.ts";
import { expiryOf, maxSizeOf } from "./retention.ts";
import type { Slots } from "./slots.ts";

/** When one may ask again after the disk was full, or an account had its fill, in milliseconds. */
const LATER_MS = 3_600_000;

export interface SlotRequestParts {
  readonly slots: Slots;
  readonly records: Records;
  readonly folder: Folder;
  readonly options: UploadOptions;
  /** The address of a path here, for clients. */
  readonly address: (path: string) => string;
}

/** Gives places for uploads to accounts of the domain (XEP-0363 §4). */
export class SlotRequests {
  readonly #host: Host;
  readonly #parts: SlotRequestParts;
  #warnedAt = -Infinity;

  constructor(host: Host, parts: SlotRequestParts) {
    this.#host = host;
    this.#parts = parts;
  }

  /** @throws StanzaError as XEP-0363 §6 says. */
  async answer({ iq, query, session }: IqRequest<UploadRequest>): Promise<Element> {
    const { slots, records, folder, options, address } = this.#parts;
    const account = this.#uploader(iq.from, session !== undefined);
    const expires = expiryOf(query.purpose, this.#host.clock.now(), options);
    const maxSize = maxSizeOf(query.purpose, this.#host.limits);
    if (query.size > maxSize) throw fileTooLarge(maxSize);
    const type = typeOf(query);
    const [usage, free] = await Promise.all([records.usage(account), folder.free()]);
    // from here on nothing is waited for: what others ask meanwhile counts
    this.#checkSlots(account);
    this.#checkUsage(account, query.size, usage);
    this.#checkDisk(query.size, free);
    const name = cleanName(query.filename);
    const slot = slots.add({ account, name, size: query.size, type, expires });
    return uploadSlot.write({
      put: address(`${slot.token}/${pathPart(name)}`),
      headers: [],
      get: address(`${slot.id}/${pathPart(name)}`),
    });
  }

  #uploader(from: Jid, known: boolean): Jid {
    const { domain, accounts } = this.#host;
    if (!known || from.domain !== domain.domain) {
      throw new StanzaError("forbidden", `only accounts of ${domain} may upload files here`);
    }
    if (accounts.isGuest?.(from.bare)) {
      throw new StanzaError("forbidden", "guests may not upload files; make an account");
    }
    return from.bare;
  }

  #checkSlots(account: Jid): void {
    const { uploadSlots, uploadSlotsPerAccount, uploadSlotSeconds } = this.#host.limits;
    const { slots } = this.#parts;
    const retry = this.#host.clock.now() + uploadSlotSeconds * 1000;
    if (slots.of(account).count >= uploadSlotsPerAccount) {
      throw retryUpload(retry, `${uploadSlotsPerAccount} uploads wait already; use them first`);
    }
    if (slots.size >= uploadSlots) {
      throw retryUpload(retry, "too many uploads are waiting here; try again later");
    }
  }

  #checkUsage(account: Jid, size: number, usage: Usage): void {
    const { uploadAccountBytes, uploadAccountFiles, uploadDayBytes } = this.#host.limits;
    const now = this.#host.clock.now();
    const { count, bytes } = this.#parts.slots.of(account);
    const today = dayOf(now);
    const uploaded = usage.day === today ? usage.dayBytes : 0;
    if (uploadDayBytes > 0 && uploaded + bytes + size > uploadDayBytes) {
      throw retryUpload(
        startOf(today + 1),
        `at most ${uploadDayBytes} bytes can be uploaded on one day; try again tomorrow`,
      );
    }
    const later = now + LATER_MS;
    if (uploadAccountBytes > 0 && usage.bytes + bytes + size > uploadAccountBytes) {
      throw retryUpload(
        later,
        `at most ${uploadAccountBytes} bytes of uploads are kept for one account; the oldest go in time`,
      );
    }
    if (usage.files + count >= uploadAccountFiles) {
      throw retryUpload(
        later,
        `at most ${uploadAccountFiles} uploads are kept for one account; the oldest go in time`,
      );
    }
  }

  #checkDisk(size: number, free: number): void {
    const { uploadFreeBytes } = this.#host.limits;
    if (uploadFreeBytes === 0) return;
    if (free - this.#parts.slots.bytes - size >= uploadFreeBytes) return;
    const now = this.#host.clock.now();
    if (now - this.#warnedAt >= LATER_MS) {
      this.#warnedAt = now;
      this.#host.log.warn("uploads are refused, as the disk is nearly full", {
        free,
        uploadFreeBytes,
      });
    }
    throw retryUpload(now + LATER_MS, "there is no room for uploads now; try again later");
  }
}

function typeOf({ contentType }: UploadRequest): string | undefined {
  if (contentType === undefined) return undefined;
  const type = mediaType(contentType);
  if (type !== undefined) return type;
  throw new StanzaError(
    "bad-request",
    `${quoted(contentType)} is no media type; write for example image/jpeg, or leave it out`,
  );
}
