/**
 * Which partitions stay in memory. Only contents whose file has the same are here: they are dropped when room is needed and
 * loaded again when asked for. What a commit has changed leaves the cache until a checkpoint has written it.
 */
import { LRUCache } from "lru-cache";
import type { Content } from "./version.js";

export class PartCache {
  readonly #entries: LRUCache<Content, true>;

  /** `entries`: most partitions in memory; 0: only bytes count. */
  constructor(bytes: number, entries: number) {
    this.#entries = new LRUCache<Content, true>({
      maxSize: Math.max(1, bytes),
      ...(entries > 0 ? { max: entries } : {}),
      sizeCalculation: (_, content) => sizeOf(content),
      dispose: (_, content, reason) => {
        if (reason !== "evict") return;
        drop(content);
      },
    });
  }

  /** Keeps a loaded, clean content as the latest used; one that is larger than the whole cache is not kept. */
  keep(content: Content): void {
    if (content.superseded || content.pins > 0) return;
    this.#entries.set(content, true);
    // lru-cache refuses what exceeds its size without telling.
    if (!this.#entries.has(content)) drop(content);
  }

  touch(content: Content): void {
    this.#entries.get(content);
  }

  /** The content is no longer one that may be dropped. */
  release(content: Content): void {
    this.#entries.delete(content);
  }

  get bytes(): number {
    return this.#entries.calculatedSize;
  }
}

function sizeOf(content: Content): number {
  return Math.max(1, Math.ceil(content.weight + content.indexes.size * content.count * 100));
}

function drop(content: Content): void {
  if (!content.clean || content.superseded || content.pins > 0) return;
  content.docs = null;
  content.indexes = new Map();
}
