/** The short way to one row answers as the planned way does, on the engine and under the staged changes of a transaction. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folder } from "../../src/embedded.js";
import type { Executor } from "../../src/engine/engine.js";
import type { Json } from "../../src/schema/model.js";
import { blog, eq, find, insert, openEngine, remove, set, update, user } from "./support.js";

const VALUES: readonly Json[] = [1, 2, 3, -0, 1.5, Number.NaN, "1", "a@x", "b@x", "c@x", "d@x", "", null, true, 1n];

/** `and` of one filter means the same, but does not take the short way. */
async function same(executor: Executor): Promise<number> {
  let found = 0;
  for (const field of ["id", "email", "name", "age"]) {
    for (const value of VALUES) {
      if (typeof value === "string" || typeof value === "number") {
        const point = await executor.point?.("User", field, value);
        const unique = field === "id" || field === "email";
        if (!unique || Number.isNaN(value)) expect(point, `${field} = ${value}`).toBeUndefined();
        else if (executor.point !== undefined)
          expect(point, `${field} = ${value}`).toBe(
            (await executor.find(find("User", { where: eq(field, value) })))[0] ?? null,
          );
      }
      for (const more of [{}, { limit: 1 }, { limit: 0 }, { offset: 1 }, { fields: ["email"] }]) {
        const short = await executor.find(find("User", { ...more, where: eq(field, value) }));
        const long = await executor.find(
          find("User", { ...more, where: { kind: "and", filters: [eq(field, value)] } }),
        );
        expect(short, `${field} = ${String(value)} ${JSON.stringify(more)}`).toEqual(long);
        found += short.length;
      }
    }
  }
  return found;
}

test("the short way to a row answers as the planned one", async () => {
  await using engine = await openEngine();
  expect(await same(engine)).toBe(0);
  await engine.write(insert("User", user("a@x", { age: 1 }), user("b@x"), user("c@x")));
  expect(await same(engine)).toBeGreaterThan(10);
  {
    await using transaction = await engine.begin({ mode: "write" });
    await transaction.write(update("User", eq("id", 1), set("email", "d@x")));
    await transaction.write(remove("User", eq("email", "b@x")));
    await transaction.write(insert("User", user("b@x")));
    expect(await same(transaction)).toBeGreaterThan(10);
    expect(await transaction.find(find("User", { where: eq("email", "b@x") }))).toMatchObject([{ id: 4 }]);
    expect(await transaction.find(find("User", { where: eq("email", "a@x") }))).toEqual([]);
  }
  expect(await engine.find(find("User", { where: eq("email", "a@x") }))).toMatchObject([{ id: 1 }]);
});

test("the short way ends with the engine", async () => {
  const engine = await openEngine();
  await engine.close();
  await expect(engine.find(find("User", { where: eq("id", 1) }))).rejects.toMatchObject({ code: "STORAGE.CLOSED" });
  expect(() => engine.point?.("User", "id", 1)).toThrow(expect.objectContaining({ code: "STORAGE.CLOSED" }));
});

test("a row that its storage must read first: the short way gives a promise, which the end of the engine rejects", async () => {
  const path = mkdtempSync(join(tmpdir(), "tenon-point-"));
  try {
    const written = await openEngine(blog, folder(path));
    await written.write(insert("User", user("a@x")));
    await written.close();
    const engine = await openEngine(blog, folder(path));
    expect(await engine.point?.("User", "id", 1)).toMatchObject({ email: "a@x" });
    expect(await engine.point?.("User", "email", "b@x")).toBeNull();
    const reading = engine.point?.("User", "id", 1);
    expect(reading).toBeInstanceOf(Promise);
    const closing = engine.close();
    await expect(reading).rejects.toMatchObject({ code: "STORAGE.CLOSED" });
    await closing;
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
});
