/** What the specs of transactions share: the calls of an executor, and what all of them must refuse. */
import { expect } from "vitest";
import { UniqueViolationError } from "../../src/base/errors.js";
import type { Executor, Transaction } from "../../src/engine/engine.js";
import { user } from "./blog.js";
import { eq, inc } from "./ir.js";
import { collect, type Database, rejects } from "./target.js";

export const WRITE = { mode: "write" } as const;
export const READ = { mode: "read" } as const;

/** Calls each method of an executor: what all of them must refuse. */
export function everyCall(db: Database, on: Executor): readonly (readonly [string, () => Promise<unknown>])[] {
  return [
    ["find", () => on.find(db.q.find("User"))],
    ["stream", () => collect(on.stream(db.q.find("User")))],
    ["aggregate", () => on.aggregate(db.q.aggregate("User", { measures: { n: "count" } }))],
    ["count", () => on.count("User", null)],
    ["write", () => on.write(db.q.update("User", eq("id", 1), [inc("score", 1)]))],
    ["begin", () => on.begin(WRITE)],
    ["explain", () => on.explain(db.q.find("User"))],
  ];
}

export async function refused(
  db: Database,
  on: Executor,
  type: Parameters<typeof rejects>[1],
  code: string,
): Promise<void> {
  for (const [name, call] of everyCall(db, on)) {
    const error = await rejects(call, type, code);
    expect(error.message.length, name).toBeGreaterThan(5);
  }
}

export async function failedInsert(db: Database, tx: Transaction): Promise<void> {
  await rejects(db.insert("User", [user(1)], tx), UniqueViolationError, "UNIQUE.VIOLATION");
}
