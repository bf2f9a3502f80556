/**
 * A collection that no manifest lists: files that others wrote (SencilloDB's folders and shards, plain JSON), or ours from a
 * first checkpoint that was cut short. Nothing is written here; the next checkpoint writes the collection in our format.
 *
 * A file of ours holds all documents of its partition, whatever files of others say about it: it was made from them.
 */
import { join } from "node:path";
import { ConfigError, CorruptionError } from "../../base/errors.js";
import type { Doc } from "../../schema/model.js";
import { Tree, type TreeEditor } from "../btree.js";
import { docsTree } from "../docs-tree.js";
import type { Partitioning, Space, StoredValue } from "../store.js";
import { fileName, nameOf } from "./names.js";
import { missing, type PartDisk } from "./part-disk.js";
import { readPart } from "./part-file.js";
import { Content, type Part, WHOLE, weightOf } from "./version.js";

export async function importCollection(
  disk: PartDisk,
  space: Space,
  partition: Partitioning | null,
  parts: Map<string, Part>,
): Promise<void> {
  const shards = disk.settings.layout === "shards";
  const found = shards ? await shardFiles(disk, space.id) : await collectionFiles(disk, space.id);
  const editors = new Map<string, TreeEditor<StoredValue>>();
  const complete = new Set<string>();
  let text = 0;
  let own = 0;
  const sources: { readonly file: string; readonly names: ReadonlySet<string> }[] = [];
  const foreign: { readonly file: string; readonly shard: string; readonly docs: readonly Doc[] }[] = [];
  for (const { file, shard } of found) {
    const content = await readPart(disk.files, disk.path(file), space.id);
    if (content === null) continue;
    // A first checkpoint that was cut short left files of this database only.
    if (content.store !== 0 && disk.store !== 0 && content.store !== disk.store) {
      throw missing(disk.path(file), "it belongs to another database");
    }
    text += content.text;
    const docs = content.docs as readonly Doc[];
    if (content.foreign) foreign.push({ file, shard, docs });
    else {
      const tree = await docsTree(space, docs, disk.path(file));
      const [first] = docs;
      const name = partition === null ? WHOLE : first === undefined ? shard : partition.of(first);
      complete.add(name);
      if (disk.store !== 0 && content.store === disk.store) own++;
      const slot = disk.slot(space.id, name);
      slot.stored = {
        file,
        sequence: content.sequence,
        count: tree.size,
        bytes: 0,
        text: content.text,
        line: Buffer.alloc(0),
      };
      parts.set(name, { slot, content: new Content(tree, tree.size, weightOf(content.text, tree.size), false) });
    }
  }
  // Beside a file of others there may be ours, made from it by a first checkpoint that was cut short: that one counts.
  if (!shards && found.length > 1 && (own !== 1 || foreign.length !== found.length - 1)) {
    throw ambiguous(
      disk,
      space.id,
      found.map(({ file }) => file),
    );
  }
  for (const { file, shard, docs } of foreign) {
    const named = partition === null ? docs : docs.map((doc) => withField(doc, partition.field, shard));
    const path = disk.path(file);
    const tree = await docsTree(space, named, path);
    const cursor = tree.cursor();
    const keys: string[] = [];
    const values: StoredValue[] = [];
    cursor.take(tree.size, keys, values);
    const names = new Set<string>();
    for (let i = 0; i < keys.length; i++) {
      const name = partition?.of(values[i]!) ?? WHOLE;
      names.add(name);
      if (complete.has(name)) continue;
      let editor = editors.get(name);
      if (editor === undefined) {
        editor = Tree.empty<StoredValue>().edit();
        editors.set(name, editor);
      }
      if (editor.set(keys[i]!, values[i]!) !== undefined) throw twice(path, space.id);
    }
    sources.push({ file, names: partition === null ? new Set([WHOLE]) : names });
  }
  for (const { file, names } of sources) {
    const [only] = names;
    const shared = sources.some((other) => other.file !== file && [...names].some((name) => other.names.has(name)));
    if (names.size === 1 && only !== undefined && !complete.has(only) && !shared) {
      // It holds just one partition, and will be replaced by our file of that one.
      disk.slot(space.id, only).stored = { file, sequence: 0, count: 0, bytes: 0, text: 0, line: Buffer.alloc(0) };
    } else disk.obsolete(file);
  }
  for (const [name, editor] of editors) {
    const tree = editor.freeze();
    const share = text / Math.max(1, editors.size + complete.size);
    parts.set(name, {
      slot: disk.slot(space.id, name),
      content: new Content(tree, tree.size, weightOf(share, tree.size), false),
    });
  }
}

function withField(doc: Doc, field: string, value: string): Doc {
  return doc[field] === undefined ? Object.freeze({ ...doc, [field]: value }) : doc;
}

interface Found {
  readonly file: string;
  /** Of a shard: the name that its file name stands for. */
  readonly shard: string;
}

async function collectionFiles(disk: PartDisk, collection: string): Promise<readonly Found[]> {
  const names = await disk.names(".");
  const bases = basesOf(collection);
  const found = names.filter((name) => bases.some((base) => name === `${base}.json` || name === `${base}.json.gz`));
  if (found.length === 0) {
    for (const base of bases) {
      if ((await disk.names(base)).some((name) => /^(meta|shard_.*)\.json(\.gz)?$/.test(name))) {
        throw wrongLayout(disk, "shards", `${disk.path(base)} holds shards`);
      }
    }
  }
  return found.map((file) => ({ file, shard: WHOLE }));
}

async function shardFiles(disk: PartDisk, collection: string): Promise<readonly Found[]> {
  const names = await disk.names(".");
  const found: Found[] = [];
  for (const base of basesOf(collection)) {
    const whole = names.find((name) => name === `${base}.json` || name === `${base}.json.gz`);
    if (whole !== undefined) throw wrongLayout(disk, "folder", `${disk.path(whole)} holds the whole collection`);
    for (const name of await disk.names(base)) {
      const shard = /^shard_(.*)\.json(\.gz)?$/s.exec(name)?.[1];
      if (shard !== undefined) found.push({ file: join(base, name), shard: nameOf(shard) ?? shard });
    }
  }
  return found;
}

/** Names of a collection's file or folder: ours, and the plain one that others use. */
function basesOf(collection: string): readonly string[] {
  const ours = fileName(collection);
  return /^[^./\\][^/\\]*$/.test(collection) && collection !== ours && !/^(tenon|registry)$/i.test(collection)
    ? [ours, collection]
    : [ours];
}

function ambiguous(disk: PartDisk, collection: string, found: readonly string[]): CorruptionError {
  return new CorruptionError(
    "CORRUPTION.FORMAT",
    `${disk.settings.folder} holds "${collection}" more than once: ${found.join(", ")}`,
    {
      meta: { file: disk.path(found[0]!), what: "ambiguous" },
      fix: "keep the file that is the right one, move the others away",
    },
  );
}

export function wrongLayout(disk: PartDisk, right: "folder" | "shards", why: string): ConfigError {
  return new ConfigError("CONFIG.INVALID", `${disk.settings.layout}() cannot open ${disk.settings.folder}: ${why}`, {
    fix: `open it with ${right}("${disk.settings.folder}")`,
  });
}

function twice(path: string, collection: string): CorruptionError {
  return new CorruptionError(
    "CORRUPTION.FORMAT",
    `${path} holds a document of "${collection}" that another file holds, too`,
    {
      meta: { file: path, collection, what: "duplicate key" },
      fix: "remove one of them, or name another field as the key",
    },
  );
}
