/** What the two SQLite drivers do differently must not be seen: errors by code, rows, big numbers, bytes, statements that are open. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CorruptionError, LockedError, QueryError, StorageError, UniqueViolationError } from "../../src/base/errors.js";
import type { Engine } from "../../src/engine/engine.js";
import type { SqliteDriver } from "../../src/engine/sqlite/driver.js";
import { sqlite } from "../../src/sqlite.js";
import { betterSqlite3, nodeSqlite } from "../support/drivers.js";
import { queries } from "../support/ir.js";
import { bigint, bytes, creationOps, date, int, nullable, object, schemaOf, string } from "../support/schema.js";
import { rejects } from "../support/target.js";

const schema = schemaOf({
  Item: {
    fields: {
      id: int,
      name: string,
      size: nullable(int),
      huge: nullable(bigint),
      data: nullable(bytes),
      at: nullable(date),
      inner: nullable(object({ data: bytes, huge: bigint, at: date })),
    },
    indexes: [{ on: ["name"], unique: true }],
    relations: {},
  },
});
const q = queries(schema);

async function opened(engine: Engine): Promise<Engine> {
  await engine.open(schema);
  if ((await engine.admin.inspect()) === null) await engine.admin.apply(creationOps(schema), schema);
  return engine;
}

async function inFolder(work: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tenon-sqlite-"));
  try {
    await work(join(folder, "test.db"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Raw {
  exec(text: string): unknown;
  close(): unknown;
}

const DRIVERS: Readonly<Record<string, SqliteDriver | null>> = {
  "better-sqlite3": betterSqlite3,
  "node:sqlite": nodeSqlite,
};

for (const [name, driver] of Object.entries(DRIVERS)) {
  describe.skipIf(driver === null)(name, () => {
    const Driver = driver as new (
      path: string,
      options?: { readonly readonly?: boolean; readonly readOnly?: boolean },
    ) => Raw;
    const insert = (row: Record<string, unknown>) =>
      q.insert("Item", [{ size: null, huge: null, data: null, at: null, inner: null, ...row } as never], {
        returning: true,
      });

    test("every kind of value comes back as it was", () =>
      inFolder(async (path) => {
        await using db = await opened(sqlite({ driver: driver!, path }));
        const row = {
          id: 1,
          name: "😀 'quoted' \"",
          size: -Number.MAX_SAFE_INTEGER,
          huge: -(2n ** 200n),
          data: new Uint8Array([0, 255, 7]),
          at: new Date(-1),
          inner: { data: new Uint8Array([1]), huge: 2n ** 64n + 1n, at: new Date(5) },
        };
        expect((await db.write(insert(row))).docs).toEqual([row]);
        const [found] = await db.find(q.find("Item"));
        expect(found).toEqual(row);
        expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
        expect(found!.data!.constructor).toBe(Uint8Array);
        const none = new Uint8Array();
        // Looking at the buffer changes how V8 keeps the bytes, and must change nothing else.
        expect(none.buffer.byteLength).toBe(0);
        const empty = await db.write(insert({ name: "empty", data: none }));
        expect(empty.docs[0]).toEqual({
          id: 2,
          name: "empty",
          size: null,
          huge: null,
          data: new Uint8Array(),
          at: null,
          inner: null,
        });
      }));

    test("a sum that no number holds exactly is refused, not rounded", () =>
      inFolder(async (path) => {
        await using db = await opened(sqlite({ driver: driver!, path }));
        for (const each of ["a", "b"]) await db.write(insert({ name: each, size: Number.MAX_SAFE_INTEGER - 1 }));
        const sum = db.aggregate(q.aggregate("Item", { measures: { sum: "sum:size" } }));
        const answer = await sum.then(
          (rows) => rows,
          (error: unknown) => error,
        );
        // A float or an error; never another integer.
        if (answer instanceof Error) expect(answer).toBeInstanceOf(QueryError);
        else expect(answer).toEqual([{ sum: 2 * (Number.MAX_SAFE_INTEGER - 1) }]);
      }));

    test("errors by code: a unique value, a lock, a full disk, a file that is none", () =>
      inFolder(async (path) => {
        {
          await using db = await opened(sqlite({ driver: driver!, path, busyTimeout: 50 }));
          await db.write(insert({ name: "a" }));
          const twice = await rejects(db.write(insert({ name: "a" })), UniqueViolationError, "UNIQUE.VIOLATION");
          expect(twice.meta).toMatchObject({ model: "Item", fields: ["name"] });
          await rejects(db.write(insert({ id: 1, name: "b" })), UniqueViolationError, "UNIQUE.VIOLATION");
          const other = new Driver(path);
          other.exec("begin immediate");
          await rejects(db.write(insert({ name: "waits" })), LockedError, "LOCKED.PROCESS");
          other.exec("rollback");
          other.close();
          await db.write(insert({ name: "goes on" }));
        }
        class Small extends Driver {
          constructor(...args: ConstructorParameters<typeof Driver>) {
            super(...args);
            if (args[1]?.readonly !== true && args[1]?.readOnly !== true) this.exec("pragma max_page_count = 14");
          }
        }
        {
          await using db = await opened(sqlite({ driver: Small as unknown as SqliteDriver, path }));
          await rejects(db.write(insert({ name: "x".repeat(200_000) })), StorageError, "STORAGE.FULL");
          expect(await db.count("Item", null)).toBe(2);
        }
        await writeFile(`${path}.txt`, "no database at all, but long enough to be looked at: ".repeat(100));
        await rejects(
          () => opened(sqlite({ driver: driver!, path: `${path}.txt` })),
          CorruptionError,
          "CORRUPTION.FORMAT",
        );
        await rejects(
          () => opened(sqlite({ driver: driver!, path: join(path, "below/a/file.db") })),
          StorageError,
          "STORAGE.IO",
        );
      }));

    test("a stream stays open beside writes, and may be left early", () =>
      inFolder(async (path) => {
        await using db = await opened(sqlite({ driver: driver!, path }));
        const docs = Array.from({ length: 500 }, (_, n) => ({
          name: `n${n}`,
          size: n,
          huge: null,
          data: null,
          at: null,
          inner: null,
        }));
        await db.write(q.insert("Item", docs));
        let met = 0;
        for await (const batch of db.stream(q.find("Item"), { batch: 50 })) {
          met += batch.length;
          await db.write(insert({ name: `during ${met}` }));
          await db.write(q.update("Item", null, [{ path: ["size"], op: "inc", value: 1 }]));
        }
        expect(met, "of the moment when it began").toBe(500);
        for await (const _ of db.stream(q.find("Item"), { batch: 1 })) break;
        const open = db.stream(q.find("Item"), { batch: 1 });
        await open.next();
        await db.close();
        await rejects(open.next(), StorageError, "STORAGE.CLOSED");
      }));

    test("a file of one driver is a file of the other", () =>
      inFolder(async (path) => {
        for (const [at, each] of [driver, betterSqlite3 ?? driver, nodeSqlite ?? driver, driver].entries()) {
          await using db = await opened(sqlite({ driver: each!, path }));
          await db.write(insert({ name: `by ${at}`, huge: BigInt(at) }));
          expect((await db.find(q.find("Item"))).map((row) => row.huge)).toEqual(
            Array.from({ length: at + 1 }, (_, n) => BigInt(n)),
          );
        }
      }));
  });
}
