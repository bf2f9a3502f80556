/** The table of specs: `conformance.test.ts` runs each of them on each target; `compliance.test.ts` checks that none is missing. */
import type { Spec } from "../support/target.js";
import { abort } from "./abort.spec.js";
import { admin } from "./admin.spec.js";
import { aggregate } from "./aggregate.spec.js";
import { changes } from "./changes.spec.js";
import { client } from "./client.spec.js";
import { close } from "./close.spec.js";
import { documents } from "./documents.spec.js";
import { durability } from "./durability.spec.js";
import { failedWrites } from "./failed-writes.spec.js";
import { filters } from "./filters.spec.js";
import { foreignKeys } from "./foreign-keys.spec.js";
import { longLists } from "./long-lists.spec.js";
import { movedReferences } from "./moved-references.spec.js";
import { names } from "./names.spec.js";
import { nested } from "./nested.spec.js";
import { order } from "./order.spec.js";
import { populate } from "./populate.spec.js";
import { relations } from "./relations.spec.js";
import { savepoints } from "./savepoints.spec.js";
import { snapshots } from "./snapshots.spec.js";
import { stream } from "./stream.spec.js";
import { swaps } from "./swaps.spec.js";
import { transactions } from "./transactions.spec.js";
import { writes } from "./writes.spec.js";

export const SPECS: readonly Spec[] = [
  filters,
  nested,
  names,
  relations,
  longLists,
  order,
  populate,
  aggregate,
  writes,
  changes,
  swaps,
  foreignKeys,
  movedReferences,
  transactions,
  savepoints,
  failedWrites,
  snapshots,
  abort,
  close,
  documents,
  durability,
  stream,
  admin,
  client,
];
