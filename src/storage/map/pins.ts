/**
 * Which versions somebody still reads. A pin holds everything that exists when it is taken; what is made later is not part
 * of it. While nothing is pinned a commit changes the trees in place, else it copies what the newest pin holds.
 */
import { latestStamp } from "../btree-node.js";

export interface Pin {
  /** Nodes with greater stamps are not part of the pinned version. */
  readonly stamp: number;
  count: number;
}

export class Pins {
  /** In the order of their stamps; the last one is held, those before it may be free already. */
  readonly #pins: Pin[] = [];

  /** The one that was made last; keeps their shape (see base/shapes.ts). */
  #made: Pin | undefined;

  /** What is younger may be changed in place. */
  get limit(): number {
    return this.#pins.length === 0 ? -1 : this.#pins[this.#pins.length - 1]!.stamp;
  }

  take(): Pin {
    const stamp = latestStamp();
    let pin = this.#made;
    // A free one of the same moment may be taken again.
    if (pin === undefined || pin.stamp !== stamp) pin = this.#made = { stamp, count: 0 };
    if (pin.count === 0) this.#pins.push(pin);
    pin.count++;
    return pin;
  }

  /** Call once per `take`. */
  release(pin: Pin): void {
    pin.count--;
    while (this.#pins.length > 0 && this.#pins[this.#pins.length - 1]!.count === 0) this.#pins.pop();
  }
}
