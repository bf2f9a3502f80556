/** The checker finds every planted anomaly, and nothing in histories that are right. */
import { describe, expect, test } from "vitest";
import { check, type Done, type Op } from "./checker.js";

const r = (key: number, ...values: number[]): Op => ({ kind: "read", key, values });
const a = (key: number, value: number): Op => ({ kind: "append", key, value });
let clock = 0;
const tx = (id: number, ...ops: Op[]): Done => ({ id, ops, outcome: "committed", began: 0, ended: 100 });
const later = (id: number, ...ops: Op[]): Done => ({ ...tx(id, ...ops), began: 1000 + clock++, ended: 2000 });
const names = (...history: Done[]) => check(history).map(({ name }) => name);

describe("finds", () => {
  test("G0, dirty writes", () => {
    expect(names(tx(1, a(1, 1), a(2, 1)), tx(2, a(1, 2), a(2, 2)), tx(3, r(1, 1, 2)), tx(4, r(2, 2, 1)))).toContain(
      "G0",
    );
  });
  test("G1a, a read of what was rolled back", () => {
    expect(names({ ...tx(1, a(1, 1)), outcome: "aborted" }, tx(2, r(1, 1)))).toContain("G1a");
  });
  test("G1b, a read of a part of a transaction", () => {
    expect(names(tx(1, a(1, 1), a(1, 2)), tx(2, r(1, 1)), tx(3, r(1, 1, 2)))).toContain("G1b");
  });
  test("G1c, two that read what the other wrote", () => {
    expect(names(tx(1, a(1, 1), r(2, 2)), tx(2, a(2, 2), r(1, 1)))).toContain("G1c");
  });
  test("a lost update", () => {
    expect(names(tx(1, r(1), a(1, 1)), tx(2, r(1), a(1, 2)), tx(3, r(1, 1, 2)))).toContain("G-single");
    expect(names(tx(1, r(1), a(1, 1)), tx(2, r(1), a(1, 2)), later(3, r(1, 2)))).toContain("lost write");
  });
  test("read skew", () => {
    expect(names(tx(1, r(1), r(2, 2)), tx(2, a(1, 1), a(2, 2)), tx(3, r(1, 1)))).toContain("G-single");
  });
  test("write skew", () => {
    expect(names(tx(1, r(1), a(2, 2)), tx(2, r(2), a(1, 1)), tx(3, r(1, 1), r(2, 2)))).toContain("G2-item");
  });
  test("a long fork", () => {
    expect(names(tx(1, a(1, 1)), tx(2, a(2, 2)), tx(3, r(1, 1), r(2)), tx(4, r(1), r(2, 2)))).toContain("G2-item");
  });
  test("a stale read after the write had ended", () => {
    expect(names(tx(1, a(1, 1)), later(2, r(1)), tx(3, r(1, 1)))).toContain("strict");
  });
  test("reads that contradict themselves or one another", () => {
    expect(names(tx(1, a(1, 1), r(1)))).toContain("internal");
    expect(names(tx(1, r(1), r(1, 2)), tx(2, a(1, 2)))).toContain("internal");
    expect(names(tx(1, a(1, 1)), tx(2, a(1, 2)), tx(3, r(1, 1, 2)), tx(4, r(1, 2)))).toContain("incompatible order");
  });
});

test("finds nothing in a serial history, whatever its transactions do", () => {
  const lists = new Map<number, number[]>();
  const history: Done[] = [];
  for (let id = 1; id <= 200; id++) {
    const ops: Op[] = [];
    for (let step = 0; step < 4; step++) {
      const key = (id * 7 + step * 3) % 5;
      const list = lists.get(key) ?? [];
      lists.set(key, list);
      if ((id + step) % 3 === 0) {
        list.push(id * 10 + step);
        ops.push(a(key, id * 10 + step));
      } else ops.push(r(key, ...list));
    }
    history.push({ id, ops, outcome: "committed", began: id * 2, ended: id * 2 + 1 });
  }
  expect(check(history)).toEqual([]);
});
