/** Everything in one file, or in the user's hooks: one partition. */
import { dirname } from "node:path";
import { mayHoldTags } from "../schema/doc-codec.js";
import type { Doc } from "../schema/model.js";
import { Tree } from "../storage/btree.js";
import type { Files } from "../storage/files/files.js";
import { escapeName, unescapeName } from "../storage/json/format.js";
import { buildCollection } from "./collection.js";
import { bucketName, bucketsOf, fieldsText, orderOf, statsText, writeDocuments } from "./collection-text.js";
import { parseSpace, RECORD_KEY, spaces } from "./keys.js";
import type { FileChange, Layout, Loaded, Trees } from "./layout.js";
import { HEAD, malformed, nestedEntries, packed, readText, sealed, TextWriter } from "./text.js";

export interface SingleSettings {
  readonly files: Files;
  readonly path: string;
  readonly compression: boolean;
  readonly load: (() => Promise<string> | string) | null;
  readonly save: ((json: string) => Promise<void> | void) | null;
}

/** Stands for the user's hook where a file's path is expected. */
const HOOK = "saveHook";

export function singleLayout(settings: SingleSettings): Layout {
  return new SingleLayout(settings);
}

export function emptyTree(): Tree<Doc> {
  return Tree.empty<Doc>();
}

class SingleLayout implements Layout {
  readonly name: string;
  readonly lock: string | null;
  readonly log: string;
  readonly intent: string;
  readonly #settings: SingleSettings;

  constructor(settings: SingleSettings) {
    const { path, load, save } = settings;
    this.#settings = settings;
    this.name = load === null && save === null ? path : "the hooks";
    // What hooks reach is not ours to lock; with a file on either side that file is.
    this.lock = load !== null && save !== null ? null : `${path}.lock`;
    this.log = `${path}.aof`;
    this.intent = `${path}.intent`;
  }

  async prepare(): Promise<void> {
    const { files, path, load, save } = this.#settings;
    if (load !== null && save !== null) return;
    await files.makeDir(dirname(path));
    for (const file of [path, this.log, this.intent]) await files.sweep(file);
  }

  partitionOf(): string {
    return "";
  }

  before(): null {
    return null;
  }

  counts(): boolean {
    return false;
  }

  async load(): Promise<Loaded | null> {
    const { files, path, load } = this.#settings;
    const content = load === null ? await files.read(path) : Buffer.from(String(await load()), "utf8");
    if (content === null || (load !== null && content.length === 0)) return null;
    const where = load === null ? path : "what loadHook gave";
    const { entries, ours } = await readText(where, content);
    if (!(entries instanceof Map)) throw malformed(where, "it is a list, not an object of collections");
    const trees: Trees = new Map();
    for (const [written, value] of entries) {
      const name = ours ? unescapeName(written) : written;
      const collection = nestedEntries(value, ours);
      if (collection === null) throw malformed(where, `the collection "${name}" is no object`);
      addTrees(trees, name, buildCollection(collection, ours, where));
    }
    return { partitions: new Map([["", trees]]), foreign: false, stale: [] };
  }

  async render(changed: ReadonlyMap<string, Trees>): Promise<FileChange[]> {
    const { path, save, compression } = this.#settings;
    const out = new TextWriter();
    await out.add(HEAD);
    const trees = changed.get("")!;
    for (const collection of collectionsIn(trees)) {
      await out.add(`${JSON.stringify(escapeName(collection))}:{\n`);
      await writeEntries(out, collection, trees, "\n");
      await out.add("},\n");
    }
    const body = out.bytes();
    if (save !== null) return [{ path: HOOK, bytes: Buffer.from(oneLine(body.toString("utf8"))) }];
    return [{ path, bytes: await packed(sealed(body), compression) }];
  }

  async apply({ path, bytes }: FileChange): Promise<void> {
    const { files, save } = this.#settings;
    if (path === HOOK && save !== null) await save((bytes ?? Buffer.alloc(0)).toString("utf8"));
    else if (bytes === null) await files.remove(path);
    else await files.replace(path, [bytes]);
  }
}

/** Hooks get one line of JSON, as SencilloDB gave them; the head only where names or values need it to be read. */
function oneLine(text: string): string {
  const entries = text.slice(HEAD.length).replaceAll("\n", "").replace(/,$/, "");
  return mayHoldTags(entries) ? `${HEAD.slice(0, -1)}${entries}}` : `{${entries}}`;
}

export function collectionsIn(trees: Trees): string[] {
  const names: string[] = [];
  for (const [space, tree] of trees)
    if (space.startsWith("c") && tree.has(RECORD_KEY)) names.push(parseSpace(space).collection);
  return names;
}

export function addTrees(trees: Trees, name: string, built: ReturnType<typeof buildCollection>): void {
  trees.set(spaces.meta(name), built.meta);
  trees.set(spaces.ids(name), built.ids);
  trees.set(spaces.indexes(name), built.indexes);
  for (const [no, tree] of built.docs) trees.set(spaces.docs(name, no), tree);
  for (const [no, tree] of built.places) trees.set(spaces.places(name, no), tree);
}

/** The entries of one collection; `last`: what follows the last of them. */
export async function writeEntries(out: TextWriter, name: string, trees: Trees, last: ",\n" | "\n"): Promise<void> {
  const meta = trees.get(spaces.meta(name)) ?? emptyTree();
  const buckets = bucketsOf(meta);
  const orders = buckets.map(
    ({ no }) => [no, orderOf(trees.get(spaces.docs(name, no)), trees.get(spaces.places(name, no)))] as const,
  );
  const fields = fieldsText({ meta, indexes: trees.get(spaces.indexes(name)) ?? emptyTree() }, false);
  const heads = [statsText(meta, orders), ...(fields === null ? [] : [fields])];
  await out.add(heads.join(",\n"));
  for (const { name: bucket, no } of buckets) {
    await out.add(`,\n${bucketName(bucket)}:[\n`);
    await writeDocuments(out, trees.get(spaces.docs(name, no)));
    await out.add("]");
  }
  await out.add(last);
}
