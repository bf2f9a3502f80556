/**
 * The first `keep` rows of an order, without sorting the rest: a sorted list that a row enters only when it comes before
 * the last one. Rows that compare equal stay in the order in which they came, as with a stable sort.
 */
import { keepShape } from "../../base/shapes.js";
import type { DocComparator } from "../../query/order.js";
import type { Doc } from "../../schema/model.js";

export class BestRows {
  readonly #rows: Doc[] = [];
  readonly #keep: number;
  readonly #compare: DocComparator;
  #sorted = false;

  /** `keep` is at least 1. */
  constructor(keep: number, compare: DocComparator) {
    this.#keep = keep;
    this.#compare = compare;
  }

  add(doc: Doc): void {
    const rows = this.#rows;
    if (rows.length < this.#keep) {
      rows.push(doc);
      return;
    }
    const compare = this.#compare;
    this.#sort();
    if (compare(doc, rows[rows.length - 1]!) >= 0) return;
    let low = 0;
    let high = rows.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(doc, rows[middle]!) < 0) high = middle;
      else low = middle + 1;
    }
    rows.pop();
    rows.splice(low, 0, doc);
  }

  /** The rows in order. */
  take(): Doc[] {
    this.#sort();
    return this.#rows;
  }

  #sort(): void {
    if (this.#sorted) return;
    this.#rows.sort(this.#compare);
    this.#sorted = this.#rows.length === this.#keep;
  }
}

keepShape(new BestRows(1, () => 0));
