/**
 * Versions of a roster (RFC 6121 §2.6).
 *
 * Versions are numbered, and the number is told to clients together with the random tag of the
 * epoch that it belongs to. An epoch begins when nobody can be sure any more that a number stands
 * for what it stood for: with a new roster, with the first change after a start of the server (it
 * may have been started on a backup) and after a write that failed. So a number that was given out
 * and then lost is never taken for the one that was given out in its place.
 */

/** The versions from a number on, until the next epoch begins. */
export interface RosterEpoch {
  readonly tag: string;
  readonly from: number;
}

/** Of older epochs nothing is known; each costs some bytes in every write. */
const MOST_EPOCHS = 8;

/** Which versions of a roster there were; immutable. */
export class RosterVersions {
  /** The number of the version that is current. */
  readonly current: number;
  /** What changed after this version is known; what changed earlier may be forgotten. */
  readonly floor: number;
  /** In order; at least one. */
  readonly epochs: readonly RosterEpoch[];

  constructor(current: number, floor: number, epochs: readonly RosterEpoch[]) {
    this.current = current;
    this.floor = floor;
    this.epochs = epochs;
  }

  /** The versions of a roster that never had an item. */
  static first(tag: string): RosterVersions {
    return new RosterVersions(0, 0, [{ tag, from: 0 }]);
  }

  /** With one version more, in a new epoch if the latest has another tag. */
  next(tag: string): RosterVersions {
    const current = this.current + 1;
    if (this.epochs.at(-1)?.tag === tag) {
      return new RosterVersions(current, this.floor, this.epochs);
    }
    const epochs = [...this.epochs, { tag, from: current }].slice(-MOST_EPOCHS);
    return new RosterVersions(current, this.floor, epochs);
  }

  /** After it was forgotten what changed in a version. */
  forgetting(version: number): RosterVersions {
    return new RosterVersions(this.current, Math.max(this.floor, version), this.epochs);
  }

  /** The `ver` of a version, opaque to clients. */
  text(version: number = this.current): string {
    const epoch = this.epochs.findLast(({ from }) => from <= version) ?? this.epochs[0];
    return `${epoch?.tag ?? ""}${SEPARATOR}${version}`;
  }

  /** The number of a version, or undefined if it is not known what changed since. */
  read(text: string): number | undefined {
    const separator = text.lastIndexOf(SEPARATOR);
    if (separator < 0) return undefined;
    const tag = text.slice(0, separator);
    const version = Number(text.slice(separator + 1));
    const at = this.epochs.findIndex((epoch) => epoch.tag === tag);
    const epoch = this.epochs[at];
    if (epoch === undefined || text !== `${tag}${SEPARATOR}${version}`) return undefined;
    const end = this.epochs[at + 1]?.from ?? this.current + 1;
    const known = Number.isSafeInteger(version) && version >= epoch.from && version < end;
    return known && version >= this.floor ? version : undefined;
  }
}

const SEPARATOR = ":";
