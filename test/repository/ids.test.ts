/** uuid7 and ulid: format, time, monotonicity, overflow. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ulidGenerator } from "../../src/repository/ulid.js";
import { uuid7Generator } from "../../src/repository/uuid7.js";

const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const filled = (byte: number) => (into: Uint8Array) => void into.fill(byte);
const timeOfUuid = (id: string) => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const timeOfUlid = (id: string) => [...id.slice(0, 10)].reduce((time, digit) => time * 32 + ALPHABET.indexOf(digit), 0);

test("the examples of the specifications decode to their time", () => {
  // RFC 9562, appendix A.6: 2022-02-22T19:22:22Z is 017F22E2-79B0-7…
  expect(uuid7Generator(() => 0x017f22e279b0)()).toMatch(/^017f22e2-79b0-7/);
  // The ULID specification: 01ARYZ6S41 is 1469918176385.
  expect(ulidGenerator(() => 1469918176385)().slice(0, 10)).toBe("01ARYZ6S41");
});

test("both have their format and carry the clock's time", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 2 }), (time) => {
      const uuid = uuid7Generator(() => time)();
      const ulid = ulidGenerator(() => time)();
      expect(uuid).toMatch(UUID7);
      expect(ulid).toMatch(ULID);
      expect([timeOfUuid(uuid), timeOfUlid(ulid)]).toEqual([time, time]);
    }),
  );
});

test("ids made in order sort in order, even when the clock stands still or goes back", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 2, maxLength: 300 }), (clock) => {
      for (const make of [uuid7Generator, ulidGenerator]) {
        let tick = 0;
        const next = make(() => 1_700_000_000_000 + clock[tick]!);
        const ids = clock.map((_, index) => {
          tick = index;
          return next();
        });
        expect([...ids].sort()).toEqual(ids);
        expect(new Set(ids).size).toBe(ids.length);
      }
    }),
  );
});

test("an overflow of the random part moves the time ahead instead of wrapping", () => {
  const ulid = ulidGenerator(() => 1000, filled(0xff));
  const [first, second] = [ulid(), ulid()];
  expect([timeOfUlid(first), timeOfUlid(second)]).toEqual([1000, 1001]);
  // 11 of the 12 counter bits start random; enough ids with the largest steps pass through the carry of each part.
  const uuid = uuid7Generator(() => 1000, filled(0xff));
  let previous = uuid();
  for (let index = 0; index < 200_000; index++) {
    const next = uuid();
    if (next <= previous) throw new RangeError(`${next} does not follow ${previous}`);
    previous = next;
  }
  expect(previous).toMatch(UUID7);
});
