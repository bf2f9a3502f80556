/** Random bytes, fetched from the system in larger pieces because each call costs more than the bytes. */
import { randomFillSync } from "node:crypto";

/** Fills the array with random bytes. */
export type Entropy = (into: Uint8Array) => void;

const POOL = new Uint8Array(4096);
let used = POOL.length;

export const systemEntropy: Entropy = (into) => {
  if (used + into.length > POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  into.set(POOL.subarray(used, used + into.length));
  // Used bytes are never handed out twice.
  used += into.length;
};
