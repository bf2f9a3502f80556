/**
 * ULID (the ulid specification): 48 bits of Unix milliseconds as 10 characters, then 80 random bits as 16, in Crockford's
 * base 32. Monotonic: while the clock does not advance, the random part counts up by one; when it would overflow, the
 * time moves one millisecond ahead.
 */
import { type Entropy, systemEntropy } from "./entropy.js";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RANDOM_LENGTH = 16;

/** A generator with its own state; `entropy` fills bytes (tests pass a fixed one). */
export function ulidGenerator(clock: () => number, entropy: Entropy = systemEntropy): () => string {
  const digits = new Uint8Array(RANDOM_LENGTH);
  let time = -1;
  let prefix = "";
  const advance = (to: number): void => {
    time = to;
    prefix = encodeTime(to);
    entropy(digits);
    for (let i = 0; i < RANDOM_LENGTH; i++) digits[i] = digits[i]! & 31;
  };
  return () => {
    const now = clock();
    if (now > time) advance(now);
    else if (!increment(digits)) advance(time + 1);
    let text = prefix;
    for (let i = 0; i < RANDOM_LENGTH; i++) text += ALPHABET[digits[i]!];
    return text;
  };
}

/** Counts up in place; false when it was the last value. */
function increment(digits: Uint8Array): boolean {
  for (let i = RANDOM_LENGTH - 1; i >= 0; i--) {
    if (digits[i]! < 31) {
      digits[i] = digits[i]! + 1;
      return true;
    }
    digits[i] = 0;
  }
  return false;
}

function encodeTime(time: number): string {
  let text = "";
  let rest = time;
  for (let i = 0; i < 10; i++) {
    text = ALPHABET[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
