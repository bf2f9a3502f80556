/**
 * Schema administration over a store. A change is: compute and check everything; write the registry with the change as
 * pending; change spaces and documents; write the registry with the new schema. Each step may be repeated, so a change
 * that was interrupted after its announcement is finished by the next open, and one before it never happened.
 */
import { checkAborted } from "../../base/abort.js";
import { LockedError, StorageError } from "../../base/errors.js";
import { Mutex } from "../../base/mutex.js";
import type { CallOptions } from "../../base/options.js";
import type { Doc, Schema } from "../../schema/model.js";
import type { SchemaOp } from "../../schema/ops.js";
import type { Mutation, Space, Store } from "../../storage/store.js";
import type { Applied, SchemaAdmin } from "../admin.js";
import { type Catalog, createCatalog, META_SPACE, sequenceKey } from "./catalog.js";
import { type DataOp, dataOpsOf } from "./data-ops.js";
import { checkRegistryMatches, generationMutation, newDatabaseId } from "./registry-match.js";
import { EMPTY_REGISTRY, type RegistryState, registryFromText, registryToText } from "./registry-text.js";
import { type Rewritten, reshapeDocs } from "./reshape-docs.js";
import type { Writer } from "./writer.js";

export interface AdminHost {
  readonly store: Store;
  readonly writer: Writer;
  checkOpen(): void;
  catalog(): Catalog;
  /** From now on, calls work by this catalog. */
  use(catalog: Catalog): void;
  /** A change stopped half way: only opening again can finish it, so every call is refused from now on. */
  refuse(error: StorageError): void;
}

export class EmbeddedAdmin implements SchemaAdmin {
  readonly #host: AdminHost;
  readonly #exclusive = new Mutex();
  #state: RegistryState = EMPTY_REGISTRY;
  /** The spaces that the store has now. */
  #present: ReadonlySet<string> = new Set();

  constructor(host: AdminHost) {
    this.#host = host;
  }

  /** Opens the store by the schema that it holds (by `given` when it holds none), and finishes a change under way. */
  async open(given: Catalog, options?: CallOptions): Promise<Catalog> {
    const { store } = this.#host;
    const text = await store.readRegistry();
    this.#state = text === null ? EMPTY_REGISTRY : registryFromText(text);
    const { schema, pending } = this.#state;
    const stored = schema === null ? null : createCatalog(schema);
    if (pending === null) {
      const catalog = stored ?? given;
      await this.#openStore(catalog.spaces, text, options);
      return catalog;
    }
    const target = createCatalog(pending.target);
    const from = stored ?? emptyCatalog();
    const spaces = docsSpaces(from, target);
    await this.#openStore(spaces, text, options);
    await this.#change(from, target, pending.ops);
    return target;
  }

  async #openStore(spaces: readonly Space[], registry: string | null, options?: CallOptions): Promise<void> {
    const { store } = this.#host;
    await store.open(spaces, options);
    this.#present = idsOf(spaces);
    // The registry was read before the lock was taken.
    if ((await store.readRegistry()) !== registry) {
      throw new LockedError(`${store.name}: another process changed the schema while this one was opening it`, {
        fix: "open it again",
      });
    }
    await checkRegistryMatches(store, this.#state);
  }

  async inspect(options?: CallOptions): Promise<Schema | null> {
    this.#host.checkOpen();
    checkAborted(options?.signal);
    return this.#state.schema;
  }

  async apply(ops: readonly SchemaOp[], target: Schema, options?: CallOptions): Promise<void> {
    const { writer, catalog, use } = this.#host;
    this.#host.checkOpen();
    const next = createCatalog(target);
    await writer.alone(async () => {
      this.#host.checkOpen();
      checkAborted(options?.signal);
      const from = this.#state.schema === null ? emptyCatalog() : catalog();
      await this.#change(from, next, dataOpsOf(ops));
      use(next);
    }, options?.signal);
  }

  async history(): Promise<readonly Applied[]> {
    this.#host.checkOpen();
    return this.#state.history;
  }

  async record(entry: Applied): Promise<void> {
    this.#host.checkOpen();
    await this.#host.writer.alone(() =>
      this.#save({ ...this.#state, history: Object.freeze([...this.#state.history, Object.freeze({ ...entry })]) }),
    );
  }

  /** One process has the storage, so that excluding the calls of this one is enough. */
  async exclusive<T>(work: () => Promise<T>, options?: CallOptions): Promise<T> {
    this.#host.checkOpen();
    const release = await this.#exclusive.acquire(options?.signal);
    try {
      return await work();
    } finally {
      release();
    }
  }

  async #change(from: Catalog, target: Catalog, ops: readonly DataOp[]): Promise<void> {
    const { store } = this.#host;
    const rewritten = await reshapeDocs(from, target, ops, (space) => this.#readAll(space));
    const before = this.#state;
    const database = before.database === "" ? newDatabaseId() : before.database;
    const generation = before.generation + 1;
    await this.#save({ ...before, database, pending: { ops, target: target.schema } });
    try {
      await this.#carryOut(from, target, rewritten, generationMutation(database, generation));
      await this.#save({ ...before, database, generation, schema: target.schema, pending: null });
    } catch (error) {
      this.#host.refuse(
        new StorageError("STORAGE.POISONED", `${store.name}: a schema change could not be finished`, {
          cause: error,
          fix: "solve the cause, then open the database again: the change is finished then",
        }),
      );
      throw error;
    }
  }

  async #carryOut(from: Catalog, target: Catalog, rewritten: Rewritten, generation: Mutation): Promise<void> {
    const mutations = [...documentMutations(rewritten), ...(await this.#sequenceMutations(from, target)), generation];
    // Documents change without any index; then all indexes are built anew from the result.
    if (rewritten.size > 0 || redefinesIndex(from, target)) await this.#reshape(docsSpaces(from, target));
    await this.#host.store.commit(mutations);
    await this.#reshape(target.spaces);
  }

  async #reshape(spaces: readonly Space[]): Promise<void> {
    await this.#host.store.reshape(spaces);
    this.#present = idsOf(spaces);
  }

  async #save(state: RegistryState): Promise<void> {
    await this.#host.store.writeRegistry(registryToText(state));
    this.#state = state;
  }

  async #readAll(space: string): Promise<readonly Doc[]> {
    if (!this.#present.has(space)) return [];
    const snapshot = this.#host.store.snapshot();
    const docs: Doc[] = [];
    try {
      for await (const batch of snapshot.scan(space, {}, 1024)) for (const doc of batch.values) docs.push(doc as Doc);
    } finally {
      snapshot[Symbol.dispose]();
    }
    return docs;
  }

  /** Sequences follow a collection that is renamed, and go with one that is dropped. */
  async #sequenceMutations(from: Catalog, target: Catalog): Promise<Mutation[]> {
    const mutations: Mutation[] = [];
    const snapshot = this.#host.store.snapshot();
    try {
      for (const { name, collection } of from.schema.models.values()) {
        const now = target.schema.models.get(name)?.collection;
        if (now === collection) continue;
        const [record] = await snapshot.getMany(META_SPACE, [sequenceKey(collection)]);
        if (record === undefined) continue;
        mutations.push({ space: META_SPACE, key: sequenceKey(collection), value: undefined });
        if (now !== undefined) mutations.push({ space: META_SPACE, key: sequenceKey(now), value: record });
      }
    } finally {
      snapshot[Symbol.dispose]();
    }
    return mutations;
  }
}

function documentMutations(rewritten: Rewritten): Mutation[] {
  const mutations: Mutation[] = [];
  for (const [collection, docs] of rewritten) {
    for (const [key, value] of docs) mutations.push({ space: collection.space, key, value });
  }
  return mutations;
}

function emptyCatalog(): Catalog {
  return createCatalog({ hash: "", models: new Map() });
}

function idsOf(spaces: readonly Space[]): ReadonlySet<string> {
  return new Set(spaces.map((space) => space.id));
}

/** The documents of both schemas, without any index. */
export function docsSpaces(from: Catalog, target: Catalog): readonly Space[] {
  const spaces = new Map<string, Space>();
  for (const space of [...from.spaces, ...target.spaces]) {
    if (space.kind !== "index") spaces.set(space.id, { ...space, derive: [] });
  }
  return [...spaces.values()];
}

/** Whether an index of the target has the name of another one before it: it must be built anew. */
function redefinesIndex(from: Catalog, target: Catalog): boolean {
  const definitions = (catalog: Catalog) => {
    const known = new Map<string, string>();
    for (const model of catalog.schema.models.values()) {
      for (const index of model.indexes) {
        known.set(`${model.collection}/${index.name}`, JSON.stringify([index.paths, model.key]));
      }
    }
    return known;
  };
  const before = definitions(from);
  for (const [space, definition] of definitions(target)) {
    if (before.has(space) && before.get(space) !== definition) return true;
  }
  return false;
}
