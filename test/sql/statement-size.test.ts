/** More values than a statement has parameters: refused by name before the database is asked, which then goes on. */
import { describe, expect, test } from "vitest";
import { QueryError } from "../../src/base/errors.js";
import { contains, eq, isIn, or } from "../support/ir.js";
import { float, schemaOf, string } from "../support/schema.js";
import { SQL_TARGETS } from "../support/sql-targets.js";
import { freshDatabase, rejects } from "../support/target.js";

const schema = schemaOf({ Item: { fields: { id: string, name: string, rate: float }, generate: "given" } });
const names = Array.from({ length: 70_000 }, (_, n) => `name ${n}`);

describe.each(SQL_TARGETS.map((target) => [target.name, target] as const))("%s", (_name, target) => {
  const db = freshDatabase(target, schema, async (d) => {
    await d.insert("Item", [{ id: "a", name: "name 7", rate: 0.5 }]);
  });

  test("a filter of too many values", async () => {
    const where = or(...names.map((name) => contains("name", name)));
    for (const work of [
      () => db.find("Item", { where }),
      () => db.engine.count("Item", where),
      () => db.engine.write(db.q.remove("Item", where)),
    ]) {
      const error = await rejects(work(), QueryError, "QUERY.INVALID_VALUE");
      expect(error.message).toContain("70000 values");
      expect(error.fix).toContain("`in`");
    }
    expect(await db.engine.count("Item", eq("name", "name 7"))).toBe(1);
  });

  test("a list of floats: of any length, but on SQLite", async () => {
    const where = isIn("rate", ...names.map((_, n) => n / 2));
    if (!target.name.startsWith("sqlite")) expect(await db.pluck("Item", "id", { where })).toEqual(["a"]);
    else await rejects(db.find("Item", { where }), QueryError, "QUERY.INVALID_VALUE");
  });
});
