/** What the writer's sessions read. */
import type { Doc } from "../schema/model.js";
import type { Tree } from "../storage/btree.js";
import type { Batch, Key, Maybe, Range, Snapshot } from "../storage/store.js";

/** Where trees are, or are loaded from. */
export interface LiveTrees {
  /** Null: it must be loaded first. */
  loaded(space: string): Tree<Doc> | null;
  load(space: string): Promise<Tree<Doc>>;
}

/** The newest version; there is one writer, who alone reads, and whose commits on their way it lays on top himself. */
export class LiveSnapshot implements Snapshot {
  readonly #store: LiveTrees;

  constructor(store: LiveTrees) {
    this.#store = store;
  }

  #with<T>(space: string, work: (tree: Tree<Doc>) => T): Maybe<T> {
    const tree = this.#store.loaded(space);
    return tree === null ? this.#store.load(space).then(work) : work(tree);
  }

  getMany(space: string, keys: readonly Key[]): Maybe<readonly (Doc | undefined)[]> {
    return this.#with(space, (tree) => keys.map((key) => tree.get(key)));
  }

  ranges(space: string, ranges: readonly Range[], limit = Number.POSITIVE_INFINITY): Maybe<readonly Batch[]> {
    return this.#with(space, (tree) =>
      ranges.map((range) => {
        const keys: Key[] = [];
        const values: Doc[] = [];
        tree.collect(range, limit, keys, values);
        return { keys, values };
      }),
    );
  }

  async groups(space: string, components: readonly Key[]): Promise<readonly (readonly Doc[])[]> {
    const ranges = components.map((component) => ({ gte: component, lt: `${component}\uffff` }));
    return (await this.ranges(space, ranges)).map(({ values }) => values);
  }

  async *scan(space: string, range: Range, batch: number): AsyncGenerator<Batch, void, undefined> {
    const cursor = (await this.#with(space, (tree) => tree)).cursor(range);
    for (;;) {
      const keys: Key[] = [];
      const values: Doc[] = [];
      if (cursor.take(batch, keys, values) === 0) return;
      yield { keys, values };
    }
  }

  async size(space: string): Promise<number> {
    return this.#with(space, (tree) => tree.size);
  }

  [Symbol.dispose](): void {}
}
