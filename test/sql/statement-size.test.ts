/** More values than a statement has parameters: refused by name before the database is asked, which then goes on. */
import { describe, expect, test } from "vitest";
import { QueryError } from "../../src/base/errors.js";
import { contains, eq, or } from "../support/ir.js";
import { schemaOf, string } from "../support/schema.js";
import { SQL_TARGETS } from "../support/sql-targets.js";
import { freshDatabase, rejects } from "../support/target.js";

const schema = schemaOf({ Item: { fields: { id: string, name: string }, generate: "given" } });
const names = Array.from({ length: 70_000 }, (_, n) => `name ${n}`);

describe.each(SQL_TARGETS.map((target) => [target.name, target] as const))("%s", (_name, target) => {
  const db = freshDatabase(target, schema, async (d) => {
    await d.insert("Item", [{ id: "a", name: "name 7" }]);
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
});
