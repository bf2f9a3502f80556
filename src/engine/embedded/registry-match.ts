/**
 * Whether a registry and the data beside it are of the same database and the same time. Each change of the schema counts the
 * registry's generation up, and writes a record of it among the data:
 *
 *   $meta "registry" = { database, generation }
 *
 * While a change is pending the data may have its generation already or not yet. No record means generation 0.
 */
import { randomBytes } from "node:crypto";
import { CorruptionError } from "../../base/errors.js";
import type { Json } from "../../schema/model.js";
import type { Mutation, Store, StoredValue } from "../../storage/store.js";
import { META_SPACE } from "./catalog.js";
import type { RegistryState } from "./registry-text.js";

/** Its key in `$meta`. */
export const RECORD = "registry";

export function newDatabaseId(): string {
  return randomBytes(8).toString("hex");
}

/** Which database the records of `$meta` say they are of; "": they say nothing. */
export function databaseOf(meta: readonly (readonly [string, Json])[]): string {
  return asRecord(meta.find(([key]) => key === RECORD)?.[1] as StoredValue | undefined).database;
}

export function generationMutation(database: string, generation: number): Mutation {
  return { space: META_SPACE, key: RECORD, value: Object.freeze({ database, generation }) };
}

/** Throws CorruptionError when the open store's data does not go with the registry. */
export async function checkRegistryMatches(store: Store, state: RegistryState): Promise<void> {
  const snapshot = store.snapshot();
  let record: StoredValue | undefined;
  try {
    [record] = await snapshot.getMany(META_SPACE, [RECORD]);
  } finally {
    snapshot[Symbol.dispose]();
  }
  checkRecord(record, state, store.name);
}

/** The same for a record that was found. */
export function checkRecord(record: StoredValue | undefined, state: RegistryState, name: string): void {
  const { database, generation } = asRecord(record);
  const refuse = (what: string, fix: string): never => {
    throw new CorruptionError("CORRUPTION.FORMAT", `registry.json of ${name} does not go with its data: ${what}`, {
      meta: { file: "registry.json", storage: name, what },
      fix,
    });
  };
  const last = state.generation + (state.pending === null ? 0 : 1);
  if (generation === 0 && state.generation === 0) return;
  if (state.database === "") refuse("the registry is missing", "put the file back");
  if (database !== "" && database !== state.database)
    refuse("they are of two databases", "put the file back that belongs to the other ones");
  if (generation < state.generation) {
    refuse(
      `the data was last under schema number ${generation}, the registry holds number ${state.generation}`,
      "restore the data files and the registry of the same time",
    );
  }
  if (generation > last) {
    refuse(
      `the registry holds schema number ${last}, the data was last under number ${generation}`,
      "put the newer registry back",
    );
  }
}

function asRecord(value: StoredValue | undefined): { readonly database: string; readonly generation: number } {
  if (typeof value !== "object" || typeof value.database !== "string" || typeof value.generation !== "number") {
    return { database: "", generation: 0 };
  }
  return { database: value.database, generation: value.generation };
}
