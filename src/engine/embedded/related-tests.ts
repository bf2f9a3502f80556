/**
 * `related` filters and order keys that look at related rows, for the synchronous evaluator: what a batch of documents
 * needs is loaded for the whole batch first (`load`), then the compiled closures look it up.
 */
import {
  compileFilter,
  compileRead,
  type DocTest,
  type RelatedFilter,
  type RelatedResolver,
} from "../../query/evaluate.js";
import type { Filter, OrderKey, Quantifier } from "../../query/ir.js";
import type { OrderKeyReader } from "../../query/order.js";
import type { Value } from "../../query/semantics.js";
import { isTrue } from "../../query/visit.js";
import type { Doc } from "../../schema/model.js";
import type { Tally } from "./access.js";
import type { Catalog, Collection } from "./catalog.js";
import { type Groups, type Link, linkOf } from "./links.js";
import type { ReadContext } from "./view.js";

/** One thing that must be known about every document of a batch. */
interface Slot {
  load(context: ReadContext, docs: readonly Doc[], tally: Tally): Promise<void>;
}

/** Over the number of rows that match, out of all related ones. */
const QUANTIFIED: { readonly [Q in Quantifier]: (matching: number, all: number) => boolean } = {
  some: (matching) => matching > 0,
  every: (matching, all) => matching === all,
  none: (matching) => matching === 0,
};

/** Collects the slots of everything compiled through it. */
export class RelatedReads implements RelatedResolver {
  readonly #catalog: Catalog;
  readonly #collection: Collection;
  readonly #slots: Slot[] = [];

  constructor(catalog: Catalog, collection: Collection) {
    this.#catalog = catalog;
    this.#collection = collection;
  }

  get needed(): boolean {
    return this.#slots.length > 0;
  }

  /** Must have been called with a document before a compiled closure sees it. */
  async load(context: ReadContext, docs: readonly Doc[], tally: Tally): Promise<void> {
    if (docs.length === 0) return;
    for (const slot of this.#slots) await slot.load(context, docs, tally);
  }

  compile(node: RelatedFilter): DocTest {
    const link = this.#link(node.relation);
    const answers = new Map<Doc, boolean>();
    const holds = QUANTIFIED[node.quantifier];
    const count = new RelatedCount(this.#catalog, link, node.filter);
    // `every` needs to know how many there are, so that rows must be counted twice: all, and those that match.
    this.#slots.push({
      async load(context, docs, tally) {
        const { of, groups } = await count.of(context, docs, tally, node.quantifier === "every" ? undefined : 1);
        // Documents are tested right after they are loaded: earlier answers are of no more use.
        answers.clear();
        docs.forEach((doc, i) => {
          const group = of[i]! < 0 ? null : groups[of[i]!]!;
          answers.set(doc, group === null ? holds(0, 0) : holds(group.matching, group.all));
        });
      },
    });
    return (doc) => answers.get(doc) === true;
  }

  /** Reads the value of an order key that looks at related rows. */
  readonly readKey: OrderKeyReader = (key) => {
    const values = new Map<Doc, Value>();
    this.#slots.push(key.kind === "count" ? this.#countSlot(key, values) : this.#relatedSlot(key, values));
    return (doc) => values.get(doc);
  };

  #countSlot(key: Extract<OrderKey, { kind: "count" }>, values: Map<Doc, Value>): Slot {
    const count = new RelatedCount(this.#catalog, this.#link(key.relation), key.where);
    return {
      async load(context, docs, tally) {
        const { of, groups } = await count.of(context, docs, tally);
        docs.forEach((doc, i) => {
          values.set(doc, of[i]! < 0 ? 0 : groups[of[i]!]!.matching);
        });
      },
    };
  }

  #relatedSlot(key: Extract<OrderKey, { kind: "related" }>, values: Map<Doc, Value>): Slot {
    const link = this.#link(key.relation);
    const inner = new RelatedReads(this.#catalog, link.target);
    const read = key.key.kind === "path" ? compileRead(key.key.path) : inner.readKey(key.key);
    return {
      async load(context, docs, tally) {
        const { of, groups } = await link.load(context, docs, tally);
        const first = groups.map((group) => group[0]);
        await inner.load(context, [...new Set(first.filter((doc) => doc !== undefined))], tally);
        docs.forEach((doc, i) => {
          const row = of[i]! < 0 ? undefined : first[of[i]!];
          values.set(doc, row === undefined ? null : read(row));
        });
      },
    };
  }

  #link(relation: string): Link {
    return linkOf(this.#catalog, this.#collection, this.#collection.relations.get(relation)!);
  }
}

interface Counted {
  readonly matching: number;
  readonly all: number;
}

/** Counts the related rows of a batch of documents that match a filter. */
export class RelatedCount {
  readonly #link: Link;
  readonly #test: DocTest | null;
  readonly #inner: RelatedReads;

  constructor(catalog: Catalog, link: Link, where: Filter | null) {
    this.#link = link;
    this.#inner = new RelatedReads(catalog, link.target);
    this.#test = where === null || isTrue(where) ? null : compileFilter(where, this.#inner);
  }

  /** `most`: counting further than this is of no use (only where no filter has to be tested). */
  async of(context: ReadContext, docs: readonly Doc[], tally: Tally, most?: number): Promise<Groups<Counted>> {
    const test = this.#test;
    if (test === null) {
      const { of, groups } = await this.#link.count(context, docs, tally, most);
      return { of, groups: groups.map((all) => ({ matching: all, all })) };
    }
    const { of, groups } = await this.#link.load(context, docs, tally);
    if (this.#inner.needed) await this.#inner.load(context, [...new Set(groups.flat())], tally);
    return {
      of,
      groups: groups.map((group) => {
        let matching = 0;
        for (const doc of group) if (test(doc)) matching++;
        return { matching, all: group.length };
      }),
    };
  }
}
