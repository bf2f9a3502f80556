/** Seeded randomness: every document and every question is a pure function of a number, so answers can be checked. */

/** A 32-bit hash of two integers (xmur-style finalizer). */
export function hash(a, b) {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** An integer in [0, below) that depends on `salt` and `n` only. */
export const pick = (salt, n, below) => hash(salt, n) % below;
