import { describe, expect, test } from "vitest";
import { memory } from "../../src/embedded.js";
import { embedded } from "../../src/engine/embedded/engine.js";
import type { Engine } from "../../src/engine/engine.js";
import type { FindQuery } from "../../src/query/ir.js";
import type { Doc, Schema } from "../../src/schema/model.js";
import type { SchemaOp } from "../../src/schema/ops.js";
import { file } from "../../src/storage/file/file.js";
import { MemoryDisk } from "../../src/storage/files/memory.js";
import { PosixFiles } from "../../src/storage/files/posix-files.js";
import { asc, eq, field, find, index, insert, int, model, openEngine, relation, schemaOf, string } from "./support.js";

const one = model("Item", "items", [field("id", int), field("name", string), field("size", int)]);
const first = schemaOf(one);
const items = [
  { name: "a", size: 1 },
  { name: "b", size: 2 },
  { name: "b", size: 3 },
];

const rows = (engine: Engine, more: Partial<FindQuery> = {}) =>
  engine.find(find("Item", { orderBy: [asc("id")], ...more }));

async function opened(schema: Schema = first): Promise<Engine> {
  const engine = await openEngine(schema);
  await engine.write(insert("Item", ...items));
  return engine;
}

describe("schema changes", () => {
  test("a fresh database has no schema; applying one records it", async () => {
    await using engine = embedded({ storage: memory() });
    await engine.open(first);
    expect(await engine.admin.inspect()).toBeNull();
    await engine.admin.apply([{ kind: "createModel", model: one }], first);
    expect((await engine.admin.inspect())?.hash).toBe(first.hash);
    const entry = { id: "0001", from: "", to: first.hash, at: new Date(0) };
    await engine.admin.record(entry);
    expect(await engine.admin.history()).toEqual([entry]);
  });

  test("a field is added with its constant, null, or not at all; order of fields is the model's", async () => {
    await using engine = await opened();
    const colour = field("colour", string, { default: { kind: "value", value: "red" } });
    const note = field("note", string, { nullable: true });
    const extra = field("extra", string, { optional: true });
    const next = schemaOf({ ...one, fields: [one.fields[0]!, colour, ...one.fields.slice(1), note, extra] });
    const ops: SchemaOp[] = [colour, note, extra].map((added) => ({ kind: "addField", model: "Item", field: added }));
    await engine.admin.apply(ops, next);
    const [row] = await rows(engine);
    expect(JSON.stringify(row)).toBe('{"id":1,"colour":"red","name":"a","size":1,"note":null}');
    expect(Object.isFrozen(row)).toBe(true);
  });

  test("a required field without a constant is refused, and nothing has changed", async () => {
    await using engine = await opened();
    const next = schemaOf({ ...one, fields: [...one.fields, field("must", string)] });
    const op: SchemaOp = { kind: "addField", model: "Item", field: field("must", string) };
    await expect(engine.admin.apply([op], next)).rejects.toMatchObject({ code: "MIGRATION.FAILED" });
    expect((await engine.admin.inspect())?.hash).toBe(first.hash);
    expect(await rows(engine)).toHaveLength(3);
    await engine.write(insert("Item", { name: "c", size: 1 }));
  });

  test("a unique index over duplicates is refused by name; others are built and used", async () => {
    await using engine = await opened();
    const unique = index("items_name", ["name"], true);
    await expect(
      engine.admin.apply(
        [{ kind: "createIndex", model: "Item", index: unique }],
        schemaOf({ ...one, indexes: [unique] }),
      ),
    ).rejects.toMatchObject({ code: "UNIQUE.VIOLATION", meta: { index: "items_name", value: "b" } });
    const plain = index("items_name", ["name"]);
    const next = schemaOf({ ...one, indexes: [plain] });
    await engine.admin.apply([{ kind: "createIndex", model: "Item", index: plain }], next);
    const query = find("Item", { where: eq("name", "b"), orderBy: [asc("id")] });
    expect((await engine.explain(query)).indexes).toEqual(["items_name"]);
    expect((await engine.find(query)).map((row) => row.id)).toEqual([2, 3]);
    // The same name over other fields is another index.
    const other = schemaOf({ ...one, indexes: [index("items_name", ["size"])] });
    await engine.admin.apply([], other);
    expect((await rows(engine, { where: eq("size", 3) })).map((row) => row.id)).toEqual([3]);
    await engine.admin.apply([{ kind: "dropIndex", model: "Item", index: "items_name" }], first);
    expect((await engine.explain(query)).indexes).toEqual([]);
  });

  test("a relation is added only when existing data keeps it", async () => {
    await using engine = await opened();
    const parent = relation("parent", "belongsTo", "Item", ["size"], ["id"]);
    const next = schemaOf({ ...one, relations: [parent], indexes: [index("items_size", ["size"])] });
    await engine.admin.apply([{ kind: "addRelation", model: "Item", relation: parent }], next);
    await expect(engine.write(insert("Item", { name: "x", size: 9 }))).rejects.toMatchObject({
      code: "FOREIGN_KEY.MISSING_PARENT",
    });
    await using other = await opened();
    await other.write(insert("Item", { name: "x", size: 9 }));
    await expect(
      other.admin.apply([{ kind: "addRelation", model: "Item", relation: parent }], next),
    ).rejects.toMatchObject({
      code: "FOREIGN_KEY.MISSING_PARENT",
    });
  });

  test("fields are renamed and dropped; a renamed collection keeps its rows and its numbers", async () => {
    await using engine = await opened();
    const renamed = schemaOf({ ...one, fields: [one.fields[0]!, field("title", string)] });
    await engine.admin.apply(
      [
        { kind: "renameField", model: "Item", from: "name", to: "title" },
        { kind: "dropField", model: "Item", field: "size" },
      ],
      renamed,
    );
    expect(await rows(engine)).toEqual([
      { id: 1, title: "a" },
      { id: 2, title: "b" },
      { id: 3, title: "b" },
    ]);
    await engine.write({ kind: "delete", model: "Item", where: eq("id", 3), limit: null, returning: false });
    const moved = schemaOf({ ...[...renamed.models.values()][0]!, collection: "things" });
    await engine.admin.apply(
      [{ kind: "alterModel", model: "Item", property: "collection", from: "items", to: "things" }],
      moved,
    );
    expect((await engine.write(insert("Item", { title: "c" }))).docs).toEqual([{ id: 4, title: "c" }]);
    expect(await rows(engine)).toHaveLength(3);
  });

  test("exclusive work runs one after the other", async () => {
    await using engine = await opened();
    const order: string[] = [];
    const work = (name: string) =>
      engine.admin.exclusive(async () => {
        order.push(`${name}+`);
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`${name}-`);
      });
    await Promise.all([work("a"), work("b")]);
    expect(order).toEqual(["a+", "a-", "b+", "b-"]);
  });
});

describe("a schema change and a crash", () => {
  const title = field("title", string);
  const after = schemaOf({
    ...one,
    collection: "things",
    fields: [one.fields[0]!, title, one.fields[2]!, field("note", string, { nullable: true })],
    indexes: [index("things_title", ["title"])],
  });
  const ops: SchemaOp[] = [{ kind: "renameField", model: "Item", from: "name", to: "title" }];
  const before: Doc[] = items.map((item, i) => ({ id: i + 1, ...item }));
  const expected: Doc[] = items.map((item, i) => ({ id: i + 1, title: item.name, size: item.size, note: null }));

  test("at every call of the disk: afterwards the old or the new schema, with exactly its data", {
    timeout: 120_000,
  }, async () => {
    let outcomes = { old: 0, new: 0 };
    for (let at = 1; ; at++) {
      let countdown = Number.POSITIVE_INFINITY;
      const disk = new MemoryDisk({ fault: () => (--countdown <= 0 ? "EIO" : null) });
      const engine = embedded({ storage: file("/db.json", { files: new PosixFiles(disk) }) });
      await engine.open(first);
      await engine.admin.apply([{ kind: "createModel", model: one }], first);
      await engine.write(insert("Item", ...items));
      countdown = at;
      const failure = await engine.admin.apply(ops, after).then(
        () => null,
        (error: unknown) => error,
      );
      if (failure !== null) {
        const refused = await rows(engine).catch((error: unknown) => error);
        // Either nothing had begun, or every call is refused until the database is opened again.
        if (Array.isArray(refused)) expect(refused).toEqual(before);
        else expect(refused).toMatchObject({ code: "STORAGE.POISONED" });
      }
      const survived = disk.crash(at);
      const again = embedded({ storage: file("/db.json", { files: new PosixFiles(survived) }) });
      await again.open(after);
      const schema = await again.admin.inspect();
      const isNew = schema?.hash === after.hash;
      if (!isNew) expect(schema?.hash).toBe(first.hash);
      expect(await rows(again)).toEqual(isNew ? expected : before);
      const by = isNew ? "title" : "name";
      expect((await rows(again, { where: eq(by, "b") })).map((row) => row.id)).toEqual([2, 3]);
      expect((await again.write(insert("Item", { [by]: "c", size: 4 }))).docs[0]).toMatchObject({ id: 4 });
      await again.close();
      await engine.close().catch(() => {});
      outcomes = { ...outcomes, [isNew ? "new" : "old"]: outcomes[isNew ? "new" : "old"] + 1 };
      if (failure === null) break;
    }
    expect(outcomes.old).toBeGreaterThan(0);
    expect(outcomes.new).toBeGreaterThan(1);
  });
});
