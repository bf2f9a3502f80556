/** Storage in one object that the user's own functions load and save: a bucket, a key-value service, a cell of a table. */
import { ConfigError } from "../../base/errors.js";
import type { Store } from "../store.js";
import { HookStore, type Loaded } from "./hook-store.js";

/** `Packed`: whether `compression` is on. */
export interface Hooks<Packed extends boolean = false> {
  /**
   * Gives the object as it was last saved, as text or bytes; null, undefined or empty when there is none yet. Called once, when
   * the database is opened. Without it the database begins empty.
   */
  readonly load?: (() => Loaded | Promise<Loaded>) | undefined;
  /**
   * Keeps the whole database, replacing what was saved before: as text, or as bytes with `compression`. A write resolves when
   * it has resolved; when it rejects, the write is refused and nothing of it can be seen.
   */
  readonly save: (object: Packed extends true ? Uint8Array : string) => unknown;
}

export interface HooksOptions<Packed extends boolean = false> {
  /** Packs the object with gzip and gives it to `save` as bytes. What is loaded is read either way. */
  readonly compression?: Packed | undefined;
}

/** A store in an object that `load` gives and `save` keeps. Give each engine its own. */
export function hooks<Packed extends boolean = false>(
  functions: Hooks<Packed>,
  options: HooksOptions<Packed> = {},
): Store {
  const { load, save } = functions;
  if (typeof save !== "function" || (load !== undefined && typeof load !== "function")) {
    throw new ConfigError("CONFIG.INVALID", "hooks() needs a function `save`, and `load` as a function if at all", {
      fix: "hooks({ load: () => bucket.get(key), save: (text) => bucket.put(key, text) })",
    });
  }
  for (const name of Object.keys(options)) {
    if (name === "compression" && typeof (options.compression ?? false) === "boolean") continue;
    throw new ConfigError("CONFIG.INVALID", `hooks(): the option "${name}" does not exist or has a wrong value`, {
      fix: "hooks({ load, save }, { compression: true })",
    });
  }
  return new HookStore(
    load ?? (() => null),
    save as (object: string | Uint8Array) => unknown,
    options.compression === true,
  );
}
