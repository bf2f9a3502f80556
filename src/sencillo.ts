/** SencilloDB's API over Tenon's storage: change the import, keep the code and the files. */
export { SencilloDB } from "./sencillo/database.js";
export {
  CollectionNotFoundError,
  DatabaseNotLoadedError,
  DocumentNotFoundError,
  IndexNotFoundError,
  SencilloDBError,
  ValidationError,
} from "./sencillo/errors.js";
export { type QuickTx, quickTx } from "./sencillo/quick-tx.js";
export {
  createResourceManager,
  type ResourceManager,
  type ResourceManagerConfig,
} from "./sencillo/resource-manager.js";
export type {
  Dynamic,
  EnsureIndexInstructions,
  IndexOption,
  Instructions,
  Populate,
  RecoveryReport,
  SencilloConfig,
  Transaction,
} from "./sencillo/types.js";
