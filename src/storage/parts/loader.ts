/** Brings partitions into memory, once for everybody who waits, and builds their indexes when first needed. */
import { CorruptionError } from "../../base/errors.js";
import { Tree } from "../btree.js";
import { indexTree } from "../docs-tree.js";
import type { Derived, Maybe, Space, StoredValue } from "../store.js";
import type { PartCache } from "./cache.js";
import type { PartDisk } from "./part-disk.js";
import type { Content, Part } from "./version.js";

export class PartLoader {
  readonly #disk: PartDisk;
  readonly #cache: PartCache;
  /** Partitions that were read from disk so far. */
  loads = 0;

  constructor(disk: PartDisk, cache: PartCache) {
    this.#disk = disk;
    this.#cache = cache;
  }

  docs(space: Space, part: Part): Maybe<Tree<StoredValue>> {
    const { content } = part;
    if (content.docs === null) {
      content.loading ??= this.#load(space, part).finally(() => {
        content.loading = null;
      });
      return content.loading;
    }
    if (content.clean && !content.superseded) this.#cache.touch(content);
    return content.docs;
  }

  index(space: Space, part: Part, derived: Derived): Maybe<Tree<StoredValue>> {
    const { content } = part;
    const known = content.indexes.get(derived);
    if (known !== undefined) {
      if (content.clean && !content.superseded) this.#cache.touch(content);
      return known;
    }
    let made = content.deriving.get(derived);
    if (made === undefined) {
      made = this.#derive(space, part, derived).finally(() => content.deriving.delete(derived));
      content.deriving.set(derived, made);
    }
    return made;
  }

  /** A content that is on disk now may be dropped from memory. */
  settled(content: Content): void {
    if (content.docs !== null && content.count > 0) this.#cache.keep(content);
  }

  async #load(space: Space, { slot, content }: Part): Promise<Tree<StoredValue>> {
    if (slot.stored === null) {
      content.docs = Tree.empty<StoredValue>();
      return content.docs;
    }
    const { docs, asListed } = await this.#disk.load(space, slot);
    this.loads++;
    if (!asListed) {
      const path = this.#disk.path(slot.stored.file);
      throw new CorruptionError("CORRUPTION.FORMAT", `${path} was changed while the database was open`, {
        meta: { file: path, what: "changed while open" },
        fix: "edit files only while the database is closed: put the old contents back, or open it again to use the new ones",
      });
    }
    content.docs = docs;
    this.#cache.keep(content);
    return docs;
  }

  async #derive(space: Space, part: Part, derived: Derived): Promise<Tree<StoredValue>> {
    const { content } = part;
    const docs = await this.docs(space, part);
    const tree = await indexTree(docs, derived);
    if (content.docs !== docs) return tree;
    content.indexes.set(derived, tree);
    if (content.clean && !content.superseded) this.#cache.keep(content);
    return tree;
  }
}
