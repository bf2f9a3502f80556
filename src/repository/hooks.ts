/**
 * Hooks of a client: code that runs around every write, whichever call makes it (nested writes included).
 *
 * Order for one write: `before` of every hook, the write, `after` of every hook. `afterCommit` runs once per outermost
 * transaction, after its commit is durable, with every write that it contained; writes that were rolled back (savepoints
 * included) are not among them. Cascades inside the engine are not seen.
 */
import type { Change, Filter, WriteCommand } from "../query/ir.js";
import type { Doc } from "../schema/model.js";
import type { DynamicTransaction } from "./surface.js";

export type WriteAction = "create" | "update" | "delete";

/** A write that is about to happen. */
/** `Tx`: the transaction of the client; generated clients say which. */
export interface BeforeWrite<Tx = DynamicTransaction> {
  readonly model: string;
  readonly action: WriteAction;
  /** `create`: the validated rows (an auto-increment key is still missing). Empty otherwise. */
  readonly rows: readonly Doc[];
  /** `update`: what will change. Empty otherwise. */
  readonly changes: readonly Change[];
  /** `update` and `delete`: which rows; null means all. */
  readonly where: Filter | null;
  /** The transaction of this write: read and write through it to be part of the same commit. */
  readonly tx: Tx;
}

/** A write that has happened, though not yet committed. */
export interface AfterWrite<Tx = DynamicTransaction> {
  readonly model: string;
  readonly action: WriteAction;
  /** The rows as written, or as they were before the delete. */
  readonly rows: readonly Doc[];
  readonly tx: Tx;
}

/** A write that is committed. */
export type CommittedWrite = Omit<AfterWrite, "tx">;

export interface Hook<Tx = DynamicTransaction> {
  /** Names of models; left out: every model. */
  readonly models?: readonly string[];
  /** Throwing refuses the write and rolls it back. */
  readonly before?: (event: BeforeWrite<Tx>) => void | Promise<void>;
  /** Throwing rolls the write back. */
  readonly after?: (event: AfterWrite<Tx>) => void | Promise<void>;
  /** The data is safe already: an error here is reported as a process warning and changes nothing. */
  readonly afterCommit?: (writes: readonly CommittedWrite[]) => void | Promise<void>;
}

export const ACTIONS: { readonly [K in WriteCommand["kind"]]: WriteAction } = {
  insert: "create",
  update: "update",
  delete: "delete",
};

/** The hooks of a client, sorted by model. */
export class Hooks {
  readonly #all: readonly Hook[];
  readonly #byModel = new Map<string, readonly Hook[]>();

  constructor(hooks: readonly Hook[], models: Iterable<string>) {
    this.#all = hooks;
    for (const model of models) {
      const found = hooks.filter((hook) => hook.models === undefined || hook.models.includes(model));
      if (found.length > 0) this.#byModel.set(model, found);
    }
  }

  /** Whether no hook looks at any model. */
  get none(): boolean {
    return this.#byModel.size === 0;
  }

  of(model: string): readonly Hook[] {
    return this.#byModel.get(model) ?? [];
  }

  async committed(writes: readonly CommittedWrite[]): Promise<void> {
    for (const hook of this.#all) {
      if (hook.afterCommit === undefined) continue;
      const seen = writes.filter((write) => hook.models === undefined || hook.models.includes(write.model));
      if (seen.length === 0) continue;
      try {
        await hook.afterCommit(seen);
      } catch (error) {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        process.emitWarning(`A hook failed after the commit (the data is safe): ${text}`, "TenonHookWarning");
      }
    }
  }
}
