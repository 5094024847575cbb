import { StorageConflict, StorageNotFound, StorageUnavailable } from "./api.ts";
import type { StoreDescription } from "./driver.ts";
import { quote } from "./text.ts";

/** The recorded values are of a newer program. */
export function newerStore(store: StoreDescription, recorded: number): Error {
  return new StorageUnavailable(
    `cannot open the store ${quote(store.name)} in version ${store.version}: its values are of ` +
      `version ${recorded}. Run the newer program that wrote them, or restore a backup made before it`,
  );
}

/** The store was recorded in the other shape. */
export function otherShape(store: StoreDescription, recorded: string): Error {
  return new StorageUnavailable(
    `cannot open the store ${quote(store.name)} as a ${store.shape}: it was recorded as a ` +
      `${recorded}. Give the new store another name`,
  );
}

/** A write that the shape of its store does not know. */
export function wrongOp(name: string, shape: string, op: string): Error {
  return new StorageUnavailable(`cannot ${op} in the store ${quote(name)}: it is a ${shape}`);
}

/** A compare-and-set that does not hold. */
export function versionConflict(
  action: "put" | "delete",
  store: string,
  op: { readonly owner: string; readonly key: string; readonly ifVersion: number | undefined },
): Error {
  const wanted = op.ifVersion === 0 ? "to be absent" : `in version ${op.ifVersion}`;
  return new StorageConflict(
    `cannot ${action} ${quote(op.key)} of ${quote(op.owner)} in ${store}: wanted it ${wanted}, ` +
      "but it was changed meanwhile; read it again",
  );
}

/** An entry whose id is taken. */
export function idTaken(store: string, owner: string, id: string): Error {
  return new StorageConflict(
    `cannot append ${quote(id)} for ${quote(owner)} to ${store}: there is an entry of this id`,
  );
}

/** A query starts from an entry that is not there. */
export function noSuchEntry(store: string, owner: string, id: string): Error {
  return new StorageNotFound(
    `cannot read ${store} of ${quote(owner)} from the entry ${quote(id)}: there is none of this id`,
  );
}
