/** Every operator on every pair of a list of values: the specialised tests agree with the definition. */
import { expect, test } from "vitest";
import { compareTest, inTest } from "../../src/query/compare-test.js";
import type { CompareOp } from "../../src/query/ir.js";
import { COMPARISONS, equalValues } from "../../src/query/semantics.js";
import type { Json } from "../../src/schema/model.js";

const VALUES: readonly Json[] = [
  ...[null, true, false, -1, -0, 0, 1, 1.5, 1e300, -1n, 0n, 1n, 2n ** 80n],
  ...["", "1", "a", "ab", "b", "～", "😀", new Date(0), new Date(1), new Date(-1)],
  ...[new Uint8Array(), Uint8Array.of(0), Uint8Array.of(0, 1), Uint8Array.of(1)],
  ...[[], [0], [0, 1], [null], {}, { a: 0 }, { a: null }, { a: [1] }, { b: new Date(0) }],
];
const OPS = Object.keys(COMPARISONS) as CompareOp[];

test.each(OPS)("%s", (op) => {
  for (const operand of VALUES) {
    const specialised = compareTest(op, operand);
    for (const value of [...VALUES, undefined]) {
      expect(specialised(value), `${String(value)} ${op} ${String(operand)}`).toBe(COMPARISONS[op](value, operand));
    }
  }
});

test("in, with lists of one, two, and all but one value", () => {
  for (const [index, operand] of VALUES.entries()) {
    const lists = [
      [operand],
      [operand, VALUES[(index + 7) % VALUES.length]!],
      VALUES.filter((_, other) => other !== index),
    ];
    for (const list of lists) {
      const specialised = inTest(list);
      for (const value of [...VALUES, undefined]) {
        expect(specialised(value)).toBe(list.some((one) => equalValues(one, value)));
      }
    }
  }
});
