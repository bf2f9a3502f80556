/** aggregate and groupBy: what was asked for, and nothing else. */
import type { Count } from "tenon/types";
import { expectError, expectType } from "tsd";
import type { User } from "#tenon";
import { db } from "./db.js";

const signal = new AbortController().signal;

expectType<Promise<Count>>(db.users.aggregate({ count: true }));
expectType<Promise<{ sum: { age: number | null; score: number | null } }>>(
  db.users.aggregate({ sum: ["age", "score"] }),
);
expectType<Promise<Count & { avg: { age: number | null } }>>(
  db.users.aggregate({ where: { active: true }, count: true, avg: ["age"], signal }),
);
expectType<Promise<{ min: { createdAt: Date | null } }>>(db.users.aggregate({ min: ["createdAt"] }));
expectType<Promise<{ max: { name: string | null } }>>(db.users.aggregate({ max: ["name"] }));
const all = await db.users.aggregate({ count: true, sum: ["score"], avg: ["id"], min: ["email"], max: ["createdAt"] });
expectType<number>(all.count);
expectType<number | null>(all.sum.score);
expectType<number | null>(all.avg.id);
expectType<string | null>(all.min.email);
expectType<Date | null>(all.max.createdAt);
expectError(all.sum.age);
expectError(all.min.createdAt);
expectError((await db.users.aggregate({ count: true })).sum);
expectError((await db.users.aggregate({ sum: ["age"] })).count);
expectError(db.users.aggregate());
expectError(db.users.aggregate({ sum: ["email"] }));
expectError(db.users.aggregate({ avg: ["createdAt"] }));
expectError(db.users.aggregate({ min: ["active"] }));
expectError(db.users.aggregate({ max: ["nope"] }));
expectError(db.users.aggregate({ count: "yes" }));
expectError(db.users.aggregate({ where: { nope: 1 }, count: true }));
expectError(db.users.aggregate({ count: true, limit: 3 }));

expectType<Promise<(Pick<User, "role"> & Count)[]>>(db.users.groupBy({ by: ["role"], count: true }));
expectType<Promise<(Pick<User, "role" | "active"> & { sum: { age: number | null } })[]>>(
  db.users.groupBy({ by: ["role", "active"], sum: ["age"] }),
);
const groups = await db.users.groupBy({
  by: ["name"],
  where: { active: true },
  count: true,
  avg: ["score"],
  max: ["createdAt"],
  having: { count: { $gte: 2 }, avg: { score: { $gt: 1 } }, name: { $ne: null }, $or: [{ count: 1 }] },
  orderBy: [{ count: "desc" }, { name: "asc" }],
  limit: 5,
  offset: 5,
  signal,
});
const [group] = groups;
expectType<string | null | undefined>(group?.name);
expectType<number | undefined>(group?.count);
expectType<number | null | undefined>(group?.avg.score);
expectType<Date | null | undefined>(group?.max.createdAt);
expectError(group?.email);
expectError(group?.sum);
expectError(db.users.groupBy({ count: true }));
expectError(db.users.groupBy({ by: ["nope"], count: true }));
expectError(db.users.groupBy({ by: "role", count: true }));
expectError(db.users.groupBy({ by: ["role"], sum: ["name"] }));
expectError(db.users.groupBy({ by: ["role"], count: true, having: { count: "2" } }));
expectError(db.users.groupBy({ by: ["role"], count: true, having: { nope: 2 } }));
expectError(db.users.groupBy({ by: ["role"], count: true, orderBy: { nope: "asc" } }));
expectError(db.users.groupBy({ by: ["role"], count: true, select: ["role"] }));
