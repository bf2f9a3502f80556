/**
 * One JSON file, a journal beside it, a registry, a lock: `db.json db.journal db.registry.json db.lock`.
 *
 * A commit is a synced record of the journal. A checkpoint writes a new data file that names the last commit inside, renames
 * it over the old one, then drops what it holds from the journal. A crash anywhere between leaves a data file and a journal
 * that together hold every commit: replay skips what the data file already has. With `checkpoint: "commit"` the rename is
 * the commit and the journal stays empty.
 */
import { randomInt } from "node:crypto";
import { dirname } from "node:path";
import { checkAborted } from "../../base/abort.js";
import { CorruptionError, TenonError } from "../../base/errors.js";
import type { CallOptions } from "../../base/options.js";
import { reviveJson } from "../../schema/doc-codec.js";
import type { Json } from "../../schema/model.js";
import { Tree, type TreeEditor } from "../btree.js";
import { applyCommit, encodeCommit } from "../commit-codec.js";
import { docsTree } from "../docs-tree.js";
import type { Files } from "../files/files.js";
import { type Durability, Journal, type Replayed, replayJournal } from "../journal.js";
import { documentsOf } from "../json/foreign.js";
import type { FileContent } from "../json/format.js";
import { readJson } from "../json/read.js";
import { writeJson } from "../json/write.js";
import type { HeldRoots, Persistence, Versions } from "../map/persistence.js";
import type { Roots } from "../map/roots.js";
import { Pace, paced } from "../pace.js";
import { storable } from "../storable.js";
import type { Mutation, Space, StoredValue } from "../store.js";
import { compressed, fileSource } from "./source.js";

export interface FileSettings {
  readonly path: string;
  readonly durability: Durability;
  readonly checkpoint: "auto" | "commit";
  readonly compression: boolean;
  readonly syncIntervalMs: number;
  /** A checkpoint is due when the journal is larger than this and larger than the data file. */
  readonly checkpointBytes: number;
  readonly files: Files;
}

interface Paths {
  readonly data: string;
  readonly journal: string;
  readonly registry: string;
  readonly lock: string;
}

export function pathsOf(path: string): Paths {
  const base = path.replace(/\.json(\.gz)?$/, "");
  return { data: path, journal: `${base}.journal`, registry: `${base}.registry.json`, lock: `${base}.lock` };
}

export class FilePersistence implements Persistence {
  readonly durable: boolean;
  readonly #settings: FileSettings;
  readonly #files: Files;
  readonly #paths: Paths;
  #lock: AsyncDisposable | null = null;
  #journal: Journal | null = null;
  #others: ReadonlyMap<string, unknown> = new Map();
  #spaces: readonly Space[] = [];
  #kinds: ReadonlyMap<string, Space["kind"]> = new Map();
  #dataBytes = 0;
  /** Last commit in the data file; -1: there is none, or it was made by others. */
  #checkpointed = -1;
  /** Shared by all files of this database. */
  #store = 0;
  #versions: Versions | null = null;
  #background: Promise<void> | null = null;
  /** After a background checkpoint failed: the journal's size that makes it worth trying again. */
  #retryAt = 0;
  #folding: Promise<void> = Promise.resolve();
  #failed: unknown;
  /** The data file was made by others. It becomes ours before the first commit: a journal says nothing about files of others. */
  #adopted: { done: Promise<void> | null } | null = null;

  constructor(settings: FileSettings) {
    this.#settings = settings;
    this.#files = settings.files;
    this.#paths = pathsOf(settings.path);
    this.durable = settings.durability === "strict" || settings.checkpoint === "commit";
  }

  async open(spaces: readonly Space[], versions: Versions, options?: CallOptions): Promise<Roots> {
    checkAborted(options?.signal);
    this.#versions = versions;
    await this.#files.makeDir(dirname(this.#paths.data));
    this.#lock = await this.#files.lock(this.#paths.lock);
    try {
      return await this.#load(spaces);
    } catch (error) {
      await this.#unlock();
      throw error;
    }
  }

  async #load(spaces: readonly Space[]): Promise<Roots> {
    this.#use(spaces);
    const content = await this.#readData(spaces);
    const bytes = await this.#files.read(this.#paths.journal);
    const replayed = bytes === null ? null : replayJournal(this.#paths.journal, bytes);
    this.#checkTogether(content, replayed);
    this.#others = content?.others ?? new Map();
    this.#store = content?.store || replayed?.store || newStoreNumber();
    this.#checkpointed = content === null || content.foreign ? -1 : content.sequence;
    this.#adopted = content?.foreign === true ? { done: null } : null;
    let roots = await rootsOf(content, spaces, this.#paths.data);
    if (replayed !== null) roots = await this.#replay(roots, replayed, spaces);
    // Nothing was changed up to here: what is refused stays as it was found.
    for (const path of [this.#paths.data, this.#paths.journal, this.#paths.registry]) await this.#files.sweep(path);
    const behind = replayed === null || replayed.base + replayed.commits.length < roots.sequence;
    if (this.#settings.checkpoint === "commit") {
      if (replayed !== null && replayed.commits.length > 0) await this.#writeData(roots);
      // An empty journal still tells a later opener which data file it belongs to.
      if (behind || replayed.commits.length > 0) await this.#newJournal(roots.sequence);
      return roots;
    }
    // A journal that ends before the data file is one whose unsynced tail was lost after a checkpoint had taken it along.
    const usable = behind ? await this.#newJournal(roots.sequence) : replayed;
    this.#journal = await Journal.open(this.#files, this.#paths.journal, this.#settings, usable);
    return roots;
  }

  #newJournal(base: number): Promise<Replayed> {
    return Journal.create(this.#files, this.#paths.journal, base, this.#store);
  }

  #use(spaces: readonly Space[]): void {
    this.#spaces = spaces;
    this.#kinds = new Map(spaces.map((space) => [space.id, space.kind]));
  }

  async #readData(spaces: readonly Space[]): Promise<FileContent | null> {
    const size = await this.#files.size(this.#paths.data);
    if (size === null) return null;
    this.#dataBytes = size;
    const wanted = new Set(spaces.filter((space) => space.kind === "docs").map((space) => space.id));
    return readJson(fileSource(this.#files, this.#paths.data), { path: this.#paths.data, wanted });
  }

  /** Refuses a data file and a journal that cannot belong together: something was deleted, restored or edited. */
  #checkTogether(content: FileContent | null, replayed: Replayed | null): void {
    if (replayed === null) return;
    const { data, journal } = this.#paths;
    const refuse = (what: string, fix: string): never => {
      throw new CorruptionError("CORRUPTION.FORMAT", `${data} and ${journal} do not belong together: ${what}`, {
        meta: { file: data, journal, what },
        fix,
      });
    };
    if (content === null) {
      if (replayed.base > 0) {
        refuse("the data file is missing", `put ${data} back; to give its contents up, delete ${journal} as well`);
      }
      return;
    }
    if (content.foreign) {
      if (replayed.commits.length > 0) {
        refuse(
          `the data file was not written by tenon, and the journal has ${replayed.commits.length} commits`,
          `to give those commits up and use the file as it is, delete ${journal}; else put the original file back`,
        );
      }
      return;
    }
    if (content.store !== 0 && replayed.store !== 0 && content.store !== replayed.store) {
      refuse("they are of two databases", `put the file back that belongs to the other one`);
    }
    if (content.sequence < replayed.base) {
      refuse(
        `the data file ends with commit ${content.sequence}, the journal begins after commit ${replayed.base}`,
        `put the newer ${data} back; to go back to this older one, delete ${journal}`,
      );
    }
  }

  async #replay(roots: Roots, replayed: Replayed, spaces: readonly Space[]): Promise<Roots> {
    const byId = new Map(spaces.filter((space) => space.kind !== "index").map((space) => [space.id, space]));
    const editors = new Map<string, TreeEditor<StoredValue>>();
    const editorOf = (id: string): TreeEditor<StoredValue> => {
      let editor = editors.get(id);
      if (editor === undefined) {
        editor = (roots.trees.get(id) ?? Tree.empty<StoredValue>()).edit();
        editors.set(id, editor);
      }
      return editor;
    };
    let { sequence } = roots;
    const pace = new Pace();
    for (const commit of replayed.commits) {
      if (commit.sequence <= sequence) continue;
      applyCommit(commit.text, byId, editorOf, this.#paths.journal);
      sequence = commit.sequence;
      if (pace.due()) await pace.turn();
    }
    const trees = new Map(roots.trees);
    for (const [id, editor] of editors) trees.set(id, editor.freeze());
    return { sequence: Math.max(sequence, replayed.base), trees };
  }

  encode(batch: readonly Mutation[]): string {
    return storable(() => encodeCommit(batch, this.#kinds));
  }

  async append(encoded: string, sequence: number): Promise<void> {
    if (this.#settings.checkpoint === "commit") {
      await this.#fold(this.#versions!.head, sequence);
      return;
    }
    if (this.#adopted !== null) {
      this.#adopted.done ??= this.#checkpointed < 0 ? this.#fold(this.#versions!.published) : Promise.resolve();
      // Also when it is done: commits go on in the order of their calls.
      await this.#adopted.done;
    }
    await this.#journal!.append(sequence, encoded);
    this.#checkpointIfDue();
  }

  #checkpointIfDue(): void {
    const size = this.#journal!.size;
    if (this.#background !== null || size < this.#settings.checkpointBytes) return;
    if (size < this.#dataBytes || size < this.#retryAt) return;
    // What is published then is in the journal, as durable as promised.
    this.#background = this.#fold(this.#versions!.published)
      .catch(() => {
        // The commits are safe in the journal; the next attempt, compact() or close() reports what is wrong.
        this.#retryAt = (this.#journal?.size ?? 0) * 2;
      })
      .finally(() => {
        this.#background = null;
      });
  }

  async adopt(space: Space): Promise<Tree<StoredValue> | undefined> {
    const value = this.#others.get(space.id);
    if (value === undefined || space.kind !== "docs") return undefined;
    // What was parsed stays as it is until the collection is written under its new owner.
    const docs = structuredClone(documentsOf(value, this.#paths.data, space.id)) as Json[];
    return docsTree(
      space,
      docs.map((doc) => reviveJson(doc, false)),
      this.#paths.data,
    );
  }

  async checkpoint(roots: Roots, spaces: readonly Space[]): Promise<void> {
    const before = this.#spaces;
    this.#use(spaces);
    try {
      await this.#fold(() => unheld(roots));
    } catch (error) {
      this.#use(before);
      throw error;
    }
  }

  /**
   * Writes a version to the data file and drops it from the journal; one at a time. The version is asked for when its turn
   * comes, so that commits in a row share one: with `wanted`, nothing is done when that commit is stored by then.
   */
  #fold(version: () => HeldRoots, wanted?: number): Promise<void> {
    const run = this.#folding.then(async () => {
      if (this.#failed !== undefined) throw this.#failed;
      if (wanted !== undefined && wanted <= this.#checkpointed) return;
      const held = version();
      try {
        await this.#writeData(held.roots);
      } finally {
        held.release();
      }
    });
    this.#folding = run.catch((error: unknown) => {
      // The rename was the commit: after a failed one nothing may be acknowledged any more.
      if (this.#settings.checkpoint === "commit") this.#failed ??= error;
    });
    return run;
  }

  async #writeData(roots: Roots): Promise<void> {
    const { files } = this.#settings;
    const collections = this.#spaces
      .filter((space) => space.kind === "docs")
      .map(({ id }) => ({ name: id, inserted: 0, docs: roots.trees.get(id) ?? Tree.empty<StoredValue>() }));
    const metaSpace = this.#spaces.find((space) => space.kind === "meta");
    const meta = metaSpace === undefined ? null : (roots.trees.get(metaSpace.id) ?? null);
    let written = 0;
    const named = new Set(this.#spaces.map((space) => space.id));
    const others = new Map([...this.#others].filter(([name]) => !named.has(name)));
    const store = this.#store;
    function* counted() {
      for (const chunk of writeJson({ sequence: roots.sequence, store, meta, collections, others })) {
        written += chunk.length;
        yield chunk;
      }
    }
    await files.replace(this.#paths.data, this.#settings.compression ? compressed(counted()) : paced(counted()));
    this.#dataBytes = written;
    this.#checkpointed = roots.sequence;
    this.#retryAt = 0;
    this.#others = others;
    await this.#journal?.rotate(roots.sequence);
  }

  async readRegistry(): Promise<string | null> {
    const bytes = await this.#files.read(this.#paths.registry);
    return bytes === null ? null : new TextDecoder().decode(bytes);
  }

  async writeRegistry(text: string): Promise<void> {
    // Or a power cut could leave a change of schema without the commits that were made before it.
    await this.#journal?.sync();
    await this.#files.replace(this.#paths.registry, [Buffer.from(text, "utf8")]);
  }

  async close(roots: Roots | null): Promise<void> {
    let failure: unknown;
    const attempt = async (work: () => Promise<unknown> | undefined): Promise<void> => {
      try {
        await work();
      } catch (error) {
        failure ??= error;
      }
    };
    await attempt(() => this.#folding);
    const changed = roots !== null && roots.sequence > this.#checkpointed;
    if (changed && roots.sequence > 0) await attempt(() => this.#fold(() => unheld(roots)));
    await attempt(() => this.#journal?.close());
    await attempt(() => this.#unlock());
    if (failure instanceof TenonError && failure.code === "STORAGE.POISONED") return;
    if (failure !== undefined) throw failure;
  }

  async #unlock(): Promise<void> {
    const lock = this.#lock;
    this.#lock = null;
    await lock?.[Symbol.asyncDispose]();
  }
}

/** Never 0, which stands for unknown. */
function newStoreNumber(): number {
  return randomInt(1, 2 ** 32);
}

/** A version that nobody changes meanwhile. */
function unheld(roots: Roots): HeldRoots {
  return { roots, release: () => {} };
}

/** Trees of what a data file holds. */
async function rootsOf(content: FileContent | null, spaces: readonly Space[], path: string): Promise<Roots> {
  const trees = new Map<string, Tree<StoredValue>>();
  if (content === null) return { sequence: 0, trees };
  for (const space of spaces) {
    if (space.kind === "meta") {
      const pairs = [...content.meta].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      trees.set(
        space.id,
        Tree.fromSorted(
          pairs.map(([key]) => key),
          pairs.map(([, value]) => value as StoredValue),
        ),
      );
    } else if (space.kind === "docs") {
      trees.set(space.id, await docsTree(space, content.documents.get(space.id) ?? [], path));
    }
  }
  return { sequence: content.sequence, trees };
}
