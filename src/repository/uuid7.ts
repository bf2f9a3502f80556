/**
 * UUID version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, version 7, 12 bits `rand_a`, variant 10, 62 bits `rand_b`.
 * Monotonic within a process (§6.2 method 2): while the clock does not advance, the 74 random bits count up; when they
 * would overflow, the time moves one millisecond ahead. So ids made in order sort in order.
 */
import { type Entropy, systemEntropy } from "./entropy.js";

const MAX_A = 0xfff;
const HALF = 2 ** 31;

/** A generator with its own state; `entropy` fills bytes (tests pass a fixed one). */
export function uuid7Generator(clock: () => number, entropy: Entropy = systemEntropy): () => string {
  const bytes = new Uint8Array(10);
  let time = -1;
  let a = 0; // 12 bits
  let high = 0; // 31 bits of rand_b
  let low = 0; // 31 bits of rand_b
  return () => {
    const now = clock();
    if (now > time) {
      time = now;
      entropy(bytes);
      // The top bit of rand_a stays clear, so that there is room to count.
      a = ((bytes[0]! & 0x07) << 8) | bytes[1]!;
      high = uint31(bytes, 2);
      low = uint31(bytes, 6);
    } else {
      // Steps of a random size keep ids hard to guess while still counting up.
      entropy(bytes);
      low += 1 + ((bytes[0]! << 8) | bytes[1]!);
      if (low >= HALF) {
        low -= HALF;
        high += 1;
        if (high >= HALF) {
          high = 0;
          a += 1;
          if (a > MAX_A) {
            a = 0;
            time += 1;
          }
        }
      }
    }
    return format(time, a, high, low);
  };
}

function uint31(bytes: Uint8Array, at: number): number {
  return (((bytes[at]! & 0x7f) << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** rand_b is `high` (31 bits) then `low` (31 bits); the variant's two bits stand before it. */
function format(time: number, a: number, high: number, low: number): string {
  const t = time.toString(16).padStart(12, "0");
  const b = ((BigInt(high) << 31n) | BigInt(low) | (0b10n << 62n)).toString(16).padStart(16, "0");
  return `${t.slice(0, 8)}-${t.slice(8)}-7${a.toString(16).padStart(3, "0")}-${b.slice(0, 4)}-${b.slice(4)}`;
}
