/** One operation in a transaction of its own. */
import { QueryError } from "../base/errors.js";
import { suggestion } from "../base/suggest.js";
import type { SencilloDB } from "./database.js";
import type { Dynamic, Instructions, Transaction } from "./types.js";

const OPERATIONS: ReadonlySet<string> = new Set<keyof Transaction>([
  "create",
  "update",
  "destroy",
  "find",
  "findMany",
  "createMany",
  "dropCollection",
  "dropIndex",
  "rewriteCollection",
  "ensureIndex",
]);

export type QuickTx = (operation: keyof Transaction, instructions: Instructions) => Promise<Dynamic>;

/** `quickTx(db)("create", { collection, data })`. */
export function quickTx(db: SencilloDB): QuickTx {
  return async (operation, instructions) => {
    if (!OPERATIONS.has(operation)) {
      throw new QueryError("QUERY.UNKNOWN_ARGUMENT", `tx[operation] is not a function: there is no "${operation}"`, {
        fix: suggestion(String(operation), OPERATIONS),
      });
    }
    return db.transaction<Dynamic>((tx) => tx[operation](instructions as never));
  };
}
