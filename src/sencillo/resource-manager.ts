/** A collection with a schema: which fields a document must have, and of what type each is. Nothing of it is stored. */
import type { SencilloDB } from "./database.js";
import { DatabaseNotLoadedError, ValidationError } from "./errors.js";
import { quickTx } from "./quick-tx.js";
import type { Dynamic, Instructions, Transaction } from "./types.js";

type Constructor = (new (...args: never[]) => unknown) | ((...args: never[]) => unknown);

export interface ResourceManagerConfig {
  /** `[["name", String], ["tags", Array]]`; every field is required, others pass. */
  readonly schema?: readonly (readonly [field: string, type: Constructor])[] | undefined;
  readonly db?: SencilloDB | undefined;
  /** The bucket of a document. */
  readonly index?: ((data: Dynamic) => string) | undefined;
  readonly collection?: string | undefined;
}

export interface ResourceManager {
  /** True, or throws ValidationError. */
  readonly validate: (data: Dynamic) => boolean;
  readonly execute: (operation: keyof Transaction, instructions?: Instructions) => Promise<Dynamic>;
}

export function createResourceManager(config: ResourceManagerConfig): ResourceManager {
  const { schema = [], db, index, collection = "default" } = config;
  if (db === undefined || db === null) throw new DatabaseNotLoadedError();
  const quick = quickTx(db);

  const validate = (data: Dynamic): boolean => {
    for (const [field, type] of schema) {
      const value = typeof data === "object" && data !== null && Object.hasOwn(data, field) ? data[field] : undefined;
      if (value === undefined) {
        throw new ValidationError(`RESOURE VALIDATION ERROR: ${field} missing in some of the data presented`);
      }
      const fits = value !== null && value.constructor === type && !Number.isNaN(value);
      if (!fits) throw new ValidationError(`RESOURE VALIDATION ERROR: ${field} is not of type ${String(type)}`);
    }
    return true;
  };

  const execute = async (operation: keyof Transaction, instructions: Instructions = {}): Promise<Dynamic> => {
    if (operation === "create" || operation === "update") validate(instructions.data);
    if (operation === "createMany") for (const data of instructions.data ?? []) validate(data);
    return quick(operation, {
      ...(MAKES.has(operation) && index !== undefined ? { index } : {}),
      collection,
      ...instructions,
    });
  };

  return { validate, execute };
}

/** Operations that decide in which bucket a document is. */
const MAKES: ReadonlySet<string> = new Set<keyof Transaction>(["create", "createMany", "update", "rewriteCollection"]);
