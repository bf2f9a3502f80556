/**
 * The whole database in one object, a data file (json/format.ts) whose other collection `$registry` is the registry's text.
 *
 * Commits that wait together are saved together, one save at a time. Only when `save` has resolved do they become visible; when it
 * rejects, they and everything that was handed over after them are refused, and the store goes on from what was saved last.
 */
import { StorageError } from "../../base/errors.js";
import type { CallOptions } from "../../base/options.js";
import { reviveJson } from "../../schema/doc-codec.js";
import type { Json } from "../../schema/model.js";
import { Tree } from "../btree.js";
import { encodeCommit } from "../commit-codec.js";
import { docsTree } from "../docs-tree.js";
import { compressed, unpacked } from "../file/source.js";
import { documentsOf } from "../json/foreign.js";
import { readJson } from "../json/read.js";
import { writeJson } from "../json/write.js";
import { MapStore } from "../map/map-store.js";
import { paced } from "../pace.js";
import { storable } from "../storable.js";
import type { Maybe, Mutation, PointValue, Snapshot, Space, Store, StoredValue } from "../store.js";

export type Loaded = string | Uint8Array | null | undefined;

const NAME = "hooks()";
const REGISTRY = "$registry";
const PIECE = 1024 * 1024;

/** What an object holds. */
interface State {
  readonly sequence: number;
  /** Docs and meta spaces. */
  readonly trees: ReadonlyMap<string, Tree<StoredValue>>;
  readonly registry: string | null;
  /** Collections that no model names, as they were loaded. */
  readonly others: ReadonlyMap<string, unknown>;
}

interface Waiting {
  /** The state after it; throws when it cannot be. */
  readonly apply: (state: State) => State;
  /** Makes it visible. */
  readonly publish: () => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class HookStore implements Store {
  readonly name = NAME;
  /** As durable as what `save` promises when it resolves. */
  readonly durable = true;
  readonly #load: () => Loaded | Promise<Loaded>;
  readonly #save: (object: string | Uint8Array) => unknown;
  readonly #compression: boolean;
  readonly #reader = new MapStore(NAME, null);
  #loading: Promise<void> | null = null;
  #saved: State = { sequence: 0, trees: new Map(), registry: null, others: new Map() };
  #meta: readonly (readonly [string, unknown])[] = [];
  #spaces: readonly Space[] = [];
  #kinds: ReadonlyMap<string, Space["kind"]> = new Map();
  #waiting: Waiting[] = [];
  #saving: Promise<void> | null = null;
  #state: "new" | "open" | "closed" = "new";

  constructor(
    load: () => Loaded | Promise<Loaded>,
    save: (object: string | Uint8Array) => unknown,
    compression: boolean,
  ) {
    this.#load = load;
    this.#save = save;
    this.#compression = compression;
  }

  /** The object is loaded once, by whoever asks first: the registry is read before the store is opened. */
  #loaded(): Promise<void> {
    this.#loading ??= this.#read();
    return this.#loading;
  }

  async #read(): Promise<void> {
    let object: Loaded;
    try {
      object = await this.#load();
    } catch (error) {
      throw failed("load", error);
    }
    const bytes = typeof object === "string" ? Buffer.from(object, "utf8") : (object ?? new Uint8Array(0));
    if (bytes.length === 0) return;
    const content = await readJson(() => piecesOf(bytes), { path: "the object that `load` gave", wanted: new Set() });
    const others = new Map(content.others);
    const registry = others.get(REGISTRY);
    others.delete(REGISTRY);
    this.#meta = content.meta;
    const text = typeof registry === "string" ? registry : null;
    this.#saved = { sequence: content.sequence, trees: new Map(), registry: text, others };
  }

  async open(spaces: readonly Space[], options?: CallOptions): Promise<void> {
    if (this.#state !== "new") throw closed("is open already");
    await this.#loaded();
    await this.#reader.open(spaces, options);
    const state = await this.#withSpaces(this.#saved, spaces);
    for (const space of spaces) {
      if (space.kind !== "meta") continue;
      const pairs = [...this.#meta].sort(([a], [b]) => (a < b ? -1 : 1)) as [string, StoredValue][];
      const meta = Tree.fromSorted(
        pairs.map(([key]) => key),
        pairs.map(([, value]) => value),
      );
      state.trees.set(space.id, meta);
    }
    this.#saved = state;
    this.#use(spaces);
    await this.#show(spaces);
    this.#state = "open";
  }

  #use(spaces: readonly Space[]): void {
    this.#spaces = spaces;
    this.#kinds = new Map(spaces.map(({ id, kind }) => [id, kind]));
  }

  /** Fills the reader from the trees. */
  async #show(spaces: readonly Space[]): Promise<void> {
    for (const space of spaces) {
      const tree = this.#saved.trees.get(space.id);
      if (tree === undefined || tree.size === 0) continue;
      const keys: string[] = [];
      const values: StoredValue[] = [];
      tree.cursor().take(tree.size, keys, values);
      const batch: Mutation[] = [];
      for (let i = 0; i < keys.length; i++) {
        const key = keys[i]!;
        const value = values[i]!;
        batch.push({ space: space.id, key, value });
        for (const derived of space.derive) {
          for (const entry of derived.keys(value, key)) batch.push({ space: derived.space, key: entry, value });
        }
      }
      await this.#reader.commit(batch);
    }
  }

  /** Docs spaces that are new take what was loaded under their name. */
  async #withSpaces(
    state: State,
    spaces: readonly Space[],
  ): Promise<State & { readonly trees: Map<string, Tree<StoredValue>> }> {
    const trees = new Map<string, Tree<StoredValue>>();
    const others = new Map(state.others);
    for (const space of spaces) {
      if (space.kind === "index") continue;
      const known = state.trees.get(space.id);
      const found = space.kind === "docs" ? others.get(space.id) : undefined;
      others.delete(space.id);
      if (known !== undefined) trees.set(space.id, known);
      else if (found === undefined) trees.set(space.id, Tree.empty<StoredValue>());
      else {
        const docs = structuredClone(documentsOf(found, NAME, space.id)) as Json[];
        trees.set(
          space.id,
          await docsTree(
            space,
            docs.map((doc) => reviveJson(doc, false)),
            NAME,
          ),
        );
      }
    }
    return { ...state, trees, others };
  }

  async reshape(spaces: readonly Space[]): Promise<void> {
    this.#check();
    await this.#settled();
    const next = await this.#withSpaces(this.#saved, spaces);
    const adopted = spaces.filter(({ id, kind }) => kind === "docs" && !this.#saved.trees.has(id));
    await this.#enqueue(
      () => next,
      async () => {
        await this.#reader.reshape(spaces);
        this.#use(spaces);
      },
      spaces,
    );
    await this.#show(adopted);
  }

  snapshot(): Snapshot {
    this.#check();
    return this.#reader.snapshot();
  }

  point(space: string, value: PointValue): Maybe<StoredValue | undefined> {
    return this.#reader.point(space, value);
  }

  async commit(batch: readonly Mutation[]): Promise<void> {
    this.#check();
    // What cannot be stored is refused by itself, before it is put together with others.
    storable(() => encodeCommit(batch, this.#kinds));
    await this.#enqueue(
      (state) => applied(state, batch, this.#kinds),
      () => this.#reader.commit(batch),
    );
  }

  async readRegistry(): Promise<string | null> {
    if (this.#state === "closed") throw closed("is closed");
    await this.#loaded();
    return this.#saved.registry;
  }

  writeRegistry(text: string): Promise<void> {
    this.#check();
    return this.#enqueue(
      (state) => ({ ...state, registry: text }),
      async () => {},
    );
  }

  compact(): Promise<void> {
    this.#check();
    return this.#enqueue(
      (state) => state,
      async () => {},
    );
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    await this.#settled();
    await this.#reader.close();
  }

  async #settled(): Promise<void> {
    while (this.#saving !== null) await this.#saving;
  }

  #enqueue(apply: Waiting["apply"], publish: Waiting["publish"], spaces?: readonly Space[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ apply, publish, resolve, reject });
      this.#saving ??= this.#run(spaces);
    });
  }

  async #run(spaces: readonly Space[] | undefined): Promise<void> {
    // What is called in the same turn is saved together.
    await null;
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0);
      try {
        let state = this.#saved;
        for (const { apply } of group) state = apply(state);
        const object = await this.#objectOf(state, spaces ?? this.#spaces);
        try {
          await this.#save(object);
        } catch (error) {
          throw failed("save", error);
        }
        this.#saved = state;
      } catch (error) {
        // Whoever came later stands on what failed. Ended before anybody hears of it: the next one starts anew.
        this.#saving = null;
        for (const { reject } of [...group, ...this.#waiting.splice(0)]) reject(error);
        return;
      }
      for (const { publish, resolve, reject } of group) await publish().then(resolve, reject);
    }
    this.#saving = null;
  }

  async #objectOf(state: State, spaces: readonly Space[]): Promise<string | Uint8Array> {
    const collections = spaces
      .filter(({ kind }) => kind === "docs")
      .map(({ id }) => ({ name: id, inserted: 0, docs: state.trees.get(id) ?? Tree.empty<StoredValue>() }));
    const metaSpace = spaces.find(({ kind }) => kind === "meta");
    const meta = metaSpace === undefined ? null : (state.trees.get(metaSpace.id) ?? null);
    const others = new Map(state.others);
    if (state.registry !== null) others.set(REGISTRY, state.registry);
    const written = writeJson({ sequence: state.sequence, meta, collections, others });
    const parts: Uint8Array[] = [];
    for await (const piece of this.#compression ? compressed(written) : paced(written)) parts.push(piece);
    const bytes = Buffer.concat(parts);
    return this.#compression ? bytes : bytes.toString("utf8");
  }

  #check(): void {
    if (this.#state !== "open") throw closed(this.#state === "new" ? "is not open yet" : "is closed");
  }
}

function applied(state: State, batch: readonly Mutation[], kinds: ReadonlyMap<string, Space["kind"]>): State {
  const trees = new Map(state.trees);
  const editors = new Map<string, ReturnType<Tree<StoredValue>["edit"]>>();
  for (const { space, key, value } of batch) {
    if (kinds.get(space) === "index") continue;
    let editor = editors.get(space);
    if (editor === undefined) {
      editor = (trees.get(space) ?? Tree.empty<StoredValue>()).edit();
      editors.set(space, editor);
    }
    if (value === undefined) editor.delete(key);
    else editor.set(key, value);
  }
  for (const [space, editor] of editors) trees.set(space, editor.freeze());
  return { ...state, sequence: state.sequence + 1, trees };
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  const raw = (function* () {
    for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
  })();
  yield* bytes[0] === 0x1f && bytes[1] === 0x8b ? unpacked(paced(raw), "the object that `load` gave") : paced(raw);
}

function failed(which: "load" | "save", cause: unknown): StorageError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const what =
    which === "save" ? "the write was refused and nothing of it can be seen" : "the database cannot be opened";
  return new StorageError("STORAGE.IO", `The hook \`${which}\` failed, so ${what}: ${why}`, {
    cause,
    fix:
      which === "save" ? "try the write again when the cause is gone" : "solve the cause and open the database again",
    meta: { hook: which },
  });
}

function closed(what: string): StorageError {
  return new StorageError("STORAGE.CLOSED", `${NAME} ${what}`, {
    fix: "use the database between createClient() and close()",
  });
}
