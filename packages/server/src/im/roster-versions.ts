/** An unbroken series of versions: from a number on, until the next epoch begins. */
export interface RosterEpoch {
  readonly tag: string;
  readonly from: number;
}

/** Of older epochs nothing is known; each costs some bytes in every write. */
const MOST_EPOCHS = 8;

/**
 * Which versions of a roster there were (RFC 6121 §2.6); immutable.
 *
 * Versions are numbered, and a `ver` has two more parts. The random id of the roster tells it from
 * those of other accounts, and of an account of this name that was removed. The tag of the epoch
 * says in which series the number was given out: another begins with a start of the server, which
 * may have been on a backup, and with a write that failed. So a version that was told to clients
 * and then lost is never taken for the one that has its number later.
 */
export class RosterVersions {
  readonly id: string;
  /** The number of the version that is current. */
  readonly current: number;
  /** What changed after this version is known; what changed earlier may be forgotten. */
  readonly floor: number;
  /** In order; at least one. */
  readonly epochs: readonly RosterEpoch[];

  constructor(id: string, current: number, floor: number, epochs: readonly RosterEpoch[]) {
    this.id = id;
    this.current = current;
    this.floor = floor;
    this.epochs = epochs;
  }

  /** The versions of a roster that never had a contact. */
  static first(id: string, tag: string): RosterVersions {
    return new RosterVersions(id, 0, 0, [{ tag, from: 0 }]);
  }

  /** With one version more, in a new epoch if the latest has another tag. */
  next(tag: string): RosterVersions {
    const { id, floor } = this;
    const current = this.current + 1;
    if (this.epochs.at(-1)?.tag === tag) return new RosterVersions(id, current, floor, this.epochs);
    const epochs = [...this.epochs, { tag, from: current }].slice(-MOST_EPOCHS);
    return new RosterVersions(id, current, floor, epochs);
  }

  /** After it was forgotten what changed in a version. */
  forgetting(version: number): RosterVersions {
    const floor = Math.max(this.floor, version);
    return new RosterVersions(this.id, this.current, floor, this.epochs);
  }

  /** The `ver` of a version, opaque to clients. */
  text(version: number = this.current): string {
    const epoch = this.epochs.findLast(({ from }) => from <= version);
    return `${this.id}.${epoch?.tag ?? ""}.${version}`;
  }

  /** The number of a version, or undefined if it is not known what changed since. */
  read(text: string): number | undefined {
    const [, tag, number] = text.split(".", 3);
    const version = Number(number);
    const at = this.epochs.findIndex((epoch) => epoch.tag === tag);
    const from = this.epochs[at]?.from ?? Number.POSITIVE_INFINITY;
    const end = this.epochs[at + 1]?.from ?? this.current + 1;
    const known = version >= Math.max(from, this.floor) && version < end;
    return known && text === this.text(version) ? version : undefined;
  }
}
