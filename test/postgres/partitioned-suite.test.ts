/** The whole suite on hash partitions: every model that can be split is, whatever the specs do with it. */
import { describe, expect, test } from "vitest";
import { NotSupportedError, SchemaError } from "../../src/base/errors.js";
import type { Engine } from "../../src/engine/engine.js";
import { SPECS } from "../conformance/index.js";
import { embeddedPostgres, pg } from "../support/drivers.js";
import { partitioned, type Split } from "../support/partitioned.js";
import { creationOps, int, schemaOf, string } from "../support/schema.js";
import { postgresPlace } from "../support/sql-targets.js";
import { type Place, rejects, type Target } from "../support/target.js";

describe.runIf(pg !== null && embeddedPostgres)("every model that can be is split over 3 hash partitions", () => {
  const seen: Split = { split: new Set(), whole: new Set() };
  let parts = 0;

  async function place(): Promise<Place & { raw(): Engine }> {
    const inner = await postgresPlace({ partitions: 3 });
    return {
      raw: inner.engine,
      engine: () => partitioned(inner.engine(), seen),
      dispose: async () => {
        const [row] = await inner.query(
          `select count(*)::int as n from pg_class where relnamespace = '${inner.schema}'::regnamespace and relispartition and relkind = 'r'`,
        );
        parts += Number(row?.n);
        await inner.dispose();
      },
    };
  }
  const target: Target = {
    name: "postgres, partitioned",
    factories: ["postgres"],
    capabilities: {
      isolation: "snapshot",
      writers: "many",
      durable: true,
      reopens: true,
      lacks: [
        "anyStrings",
        "denseKeys",
        "anyDates",
        "longIndexedValues",
        "keyOrder",
        "oneWriter",
        "copies",
        "freeUniques",
      ],
    },
    place,
  };
  for (const spec of SPECS) spec(target);

  test("what cannot be: a unique index without the field, said with the index to write instead", async () => {
    const fields = { id: int, email: string };
    const before = schemaOf({ User: { fields, partitionBy: "id" } });
    const after = schemaOf({ User: { fields, partitionBy: "id", indexes: [{ on: ["email"], unique: true }] } });
    const at = await place();
    const raw = at.raw();
    try {
      await raw.open(before);
      await raw.admin.apply(creationOps(before), before);
      const [index] = after.models.get("User")!.indexes;
      const error = await rejects(
        raw.admin.apply([{ kind: "createIndex", model: "User", index: index! }], after),
        SchemaError,
        "SCHEMA.INVALID",
      );
      expect((error as SchemaError).issues).toMatchObject([
        { model: "User", member: "email", fix: '{ on: ["id", "email"], unique: true }, or leave out partitionBy' },
      ]);
      // Behind its back, by models that do not say that the table is split: the database's own refusal, typed.
      const silent = schemaOf({ User: { fields, indexes: [{ on: ["email"], unique: true }] } });
      await rejects(
        raw.admin.apply([{ kind: "createIndex", model: "User", index: index! }], silent),
        NotSupportedError,
        "NOT_SUPPORTED.FEATURE",
      );
    } finally {
      await raw.close();
      await at.dispose();
    }
  });
  test("it was partitions that answered", () => {
    expect(parts).toBeGreaterThan(500);
    expect([...seen.split].length).toBeGreaterThan(10);
    expect([...seen.whole], "a unique index without any part of the key").toContain("Badge(id)");
  });
});
