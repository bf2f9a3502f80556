/** Every public call, through `createClient` with declared models: the engine and all that stands above it, together. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  AbortedError,
  belongsTo,
  ConflictError,
  createClient,
  type DynamicClient,
  defineModel,
  ForeignKeyViolationError,
  hasMany,
  hasOne,
  manyToMany,
  NotFoundError,
  QueryError,
  SchemaDriftError,
  UniqueViolationError,
  ValidationError,
} from "../../src/index.js";
import { needs, type Place, rejects, type Spec, type Target } from "../support/target.js";

type Names = "writers" | "cards" | "books" | "genres" | "bookGenres";

const models = {
  Writer: defineModel(
    "Writer",
    z.object({
      id: z.int(),
      name: z.string().min(1),
      email: z.email(),
      born: z.date().nullable(),
      level: z.enum(["new", "known"]).default("new"),
      home: z.object({ city: z.string(), zip: z.string().optional() }).optional(),
      tags: z.array(z.string()).default([]),
      rev: z.int(),
      mentorId: z.int().nullable(),
    }),
    {
      indexes: ["level", { on: "email", unique: true }, { on: ["home.city"], name: "by_city" }],
      relations: {
        card: hasOne("Card", { to: "writerId" }),
        books: hasMany("Book", { to: "writerId" }),
        mentor: belongsTo("Writer", { from: "mentorId", onDelete: "setNull" }),
      },
      timestamps: true,
      version: "rev",
    },
  ),
  Card: defineModel("Card", z.object({ id: z.int(), writerId: z.int(), text: z.string() }), {
    relations: { writer: belongsTo("Writer", { from: "writerId", onDelete: "cascade" }) },
  }),
  Book: defineModel(
    "Book",
    z.object({ id: z.int(), title: z.string(), pages: z.int().min(0), price: z.bigint(), writerId: z.int() }),
    {
      indexes: ["pages"],
      relations: {
        writer: belongsTo("Writer", { from: "writerId", onDelete: "restrict" }),
        genres: manyToMany("Genre", { through: "BookGenre", from: "bookId", to: "genreName" }),
      },
    },
  ),
  Genre: defineModel("Genre", z.object({ name: z.string(), shelf: z.int() }), { key: "name" }),
  BookGenre: defineModel("BookGenre", z.object({ bookId: z.int(), genreName: z.string() }), {
    key: ["bookId", "genreName"],
    relations: {
      book: belongsTo("Book", { from: "bookId", onDelete: "cascade" }),
      genre: belongsTo("Genre", { from: "genreName", onDelete: "cascade" }),
    },
  }),
};

const writer = (name: string, over: object = {}) => ({
  name,
  email: `${name.toLowerCase()}@x.io`,
  born: null,
  mentorId: null,
  ...over,
});
const book = (title: string, pages: number, over: object = {}) => ({ title, pages, price: 10n ** 20n, ...over });

async function fill(db: DynamicClient<Names>): Promise<void> {
  await db.writers.createMany({
    data: [
      writer("Ada", { level: "known", home: { city: "Rome" }, tags: ["a", "b"] }),
      writer("Bob", { mentorId: 1 }),
      writer("Cyd"),
    ],
  });
  await db.books.createMany({
    data: [book("One", 100, { writerId: 1 }), book("Two", 300, { writerId: 1 }), book("Three", 200, { writerId: 2 })],
  });
  await db.genres.createMany({
    data: [
      { name: "poem", shelf: 1 },
      { name: "prose", shelf: 2 },
    ],
  });
  await db.bookGenres.createMany({
    data: [
      { bookId: 1, genreName: "poem" },
      { bookId: 1, genreName: "prose" },
      { bookId: 3, genreName: "prose" },
    ],
  });
}

/** A client on a fresh place; closed and removed afterwards. */
async function withClient(
  target: Target,
  work: (db: DynamicClient<Names>, place: Place) => Promise<void>,
): Promise<void> {
  const place = await target.place();
  try {
    const db = await createClient<Names>({ models, engine: place.engine() });
    try {
      await fill(db);
      await work(db, place);
    } finally {
      await db.close();
    }
  } finally {
    await place.dispose();
  }
}

export const client: Spec = (target) => {
  describe("the public client", () => {
    const run = (name: string, work: (db: DynamicClient<Names>, place: Place) => Promise<void>) =>
      test(name, () => withClient(target, work));

    run("reads by key, unique value and filter", async (db) => {
      expect(await db.writers.findById(1)).toMatchObject({ id: 1, name: "Ada", level: "known", rev: 1 });
      expect(await db.writers.findById(99)).toBeNull();
      expect(await db.bookGenres.findById({ bookId: 1, genreName: "poem" })).toEqual({ bookId: 1, genreName: "poem" });
      expect(await db.writers.findUnique({ where: { email: "bob@x.io" } })).toMatchObject({ id: 2 });
      expect(await db.books.findFirst({ where: { pages: { $gt: 100 } }, orderBy: { pages: "desc" } })).toMatchObject({
        title: "Two",
      });
      expect(await db.writers.exists({ home: { city: "Rome" } })).toBe(true);
      expect(await db.writers.count({ tags: { $contains: "a" } })).toBe(1);
      await rejects(db.writers.findByIdOrThrow(99), NotFoundError, "NOT_FOUND.RECORD");
      await rejects(db.writers.findUniqueOrThrow({ where: { email: "no@x.io" } }), NotFoundError, "NOT_FOUND.RECORD");
      await rejects(db.writers.findFirstOrThrow({ where: { id: 99 } }), NotFoundError, "NOT_FOUND.RECORD");
    });
    run("findMany: select, order, pages, cursor, distinct, populate", async (db) => {
      const page = await db.books.findMany({ select: ["id", "title"], orderBy: { pages: "asc" }, limit: 2 });
      expect(page).toEqual([
        { id: 1, title: "One" },
        { id: 3, title: "Three" },
      ]);
      const next = await db.books.findMany({ orderBy: { pages: "asc" }, after: { id: 3, pages: 200 } });
      expect(next.map((row) => row.title)).toEqual(["Two"]);
      const rows = await db.writers.findMany({ select: ["id"], populate: ["books.genres", "card", "mentor"] });
      expect(rows.map((row) => (row.books as readonly object[]).length)).toEqual([2, 1, 0]);
      expect(rows[0]).toMatchObject({
        books: [{ genres: [{ name: "poem" }, { name: "prose" }] }, { genres: [] }],
        card: null,
        mentor: null,
      });
      expect(await db.writers.findMany({ distinct: ["level"], select: ["id"] })).toEqual([{ id: 1 }, { id: 2 }]);
      expect(
        await db.writers.findMany({ where: { books: { some: { pages: { $gte: 200 } } } }, select: ["id"] }),
      ).toEqual([{ id: 1 }, { id: 2 }]);
      expect(await db.books.findMany({ where: { writer: { is: { name: "Bob" } } }, select: ["id"] })).toEqual([
        { id: 3 },
      ]);
    });
    run("aggregate, groupBy, stream, explain", async (db) => {
      expect(await db.books.aggregate({ count: true, sum: ["pages", "price"], max: ["pages"] })).toEqual({
        count: 3,
        sum: { pages: 600, price: 3n * 10n ** 20n },
        max: { pages: 300 },
      });
      expect(await db.books.groupBy({ by: ["writerId"], count: true, sum: ["pages"] })).toEqual([
        { writerId: 1, count: 2, sum: { pages: 400 } },
        { writerId: 2, count: 1, sum: { pages: 200 } },
      ]);
      const titles: unknown[] = [];
      for await (const row of db.books.stream({ orderBy: { pages: "desc" } }, { batch: 1 })) titles.push(row.title);
      expect(titles).toEqual(["Two", "Three", "One"]);
      expect((await db.books.explain({ where: { id: 1 } })).text.length).toBeGreaterThan(3);
    });
    run("the builder: steps are new queries, ends run them", async (db) => {
      const base = db.books.where({ pages: { $gt: 50 } }).orderBy("pages", "desc");
      expect((await base.limit(1).all()).map((row) => row.title)).toEqual(["Two"]);
      expect((await base.all()).length).toBe(3);
      expect(await base.offset(1).select("title").first()).toEqual({ title: "Three" });
      expect(await base.where({ writerId: 2 }).one()).toMatchObject({ title: "Three" });
      expect(await base.count()).toBe(3);
      expect(await db.books.where({ pages: 7 }).exists()).toBe(false);
      await rejects(db.books.where({ pages: 7 }).firstOrThrow(), NotFoundError, "NOT_FOUND.RECORD");
    });
    run("create: defaults, generated keys, timestamps, nested rows; all issues at once", async (db) => {
      const row = await db.writers.create({
        data: { ...writer("Eve"), books: { create: [book("Four", 1)] }, card: { create: { text: "hi" } } },
        populate: ["books", "card"],
      });
      expect(row).toMatchObject({
        id: 4,
        level: "new",
        tags: [],
        rev: 1,
        books: [{ title: "Four", writerId: 4 }],
        card: { text: "hi" },
      });
      expect(row.createdAt).toBeInstanceOf(Date);
      const error = await rejects(
        db.writers.create({ data: { name: "", email: "no", born: null, mentorId: null } }),
        ValidationError,
        "VALIDATION.FAILED",
      );
      expect((error as ValidationError).issues.map((issue) => issue.path.join(".")).toSorted()).toEqual([
        "email",
        "name",
      ]);
      await rejects(db.writers.create({ data: writer("Ada") }), UniqueViolationError, "UNIQUE.VIOLATION");
      await rejects(
        db.books.create({ data: book("X", 1, { writerId: 99 }) }),
        ForeignKeyViolationError,
        "FOREIGN_KEY.MISSING_PARENT",
      );
      expect(await db.writers.createMany({ data: [writer("Ada"), writer("Fay")], skipDuplicates: true })).toMatchObject(
        { count: 1 },
      );
      expect((await db.genres.createMany({ data: [{ name: "x", shelf: 3 }], returning: true })).rows).toEqual([
        { name: "x", shelf: 3 },
      ]);
    });
    run("update: by value, atomic, nested, versioned", async (db) => {
      const row = await db.writers.update({
        where: { id: 1 },
        data: { name: "Ada L", tags: { $push: "c" }, home: { $patch: { zip: "1" } } },
      });
      expect(row).toMatchObject({ name: "Ada L", tags: ["a", "b", "c"], home: { city: "Rome", zip: "1" }, rev: 2 });
      await rejects(
        db.writers.update({ where: { id: 1, rev: 1 }, data: { name: "late" } }),
        ConflictError,
        "CONFLICT.VERSION",
      );
      await rejects(
        db.writers.update({ where: { id: 99 }, data: { name: "none" } }),
        NotFoundError,
        "NOT_FOUND.RECORD",
      );
      expect(
        (await db.books.update({ where: { id: 1 }, data: { pages: { $inc: 5 }, price: { $mul: 2n } } })).pages,
      ).toBe(105);
      await rejects(
        db.books.update({ where: { id: 1 }, data: { pages: { $inc: -1000 } } }),
        ValidationError,
        "VALIDATION.FAILED",
      );
      expect((await db.books.findById(1))!.pages, "a refused atomic change is undone").toBe(105);
      await db.books.update({
        where: { id: 1 },
        data: {
          genres: {
            disconnect: { name: "poem" },
            connectOrCreate: { where: { name: "essay" }, create: { name: "essay", shelf: 9 } },
          },
        },
      });
      expect((await db.books.findById(1, { populate: ["genres"] }))!.genres).toEqual([
        { name: "essay", shelf: 9 },
        { name: "prose", shelf: 2 },
      ]);
      await db.books.update({ where: { id: 1 }, data: { writer: { connect: { id: 3 } } } });
      expect((await db.books.findById(1))!.writerId).toBe(3);
    });
    run("updateMany, upsert, delete, deleteMany", async (db) => {
      expect(
        await db.books.updateMany({ where: { writerId: 1 }, data: { pages: { $inc: 1 } }, returning: true }),
      ).toMatchObject({ count: 2, rows: [{ pages: 101 }, { pages: 301 }] });
      const upsert = (name: string) =>
        db.genres.upsert({ where: { name }, create: { name, shelf: 1 }, update: { shelf: { $inc: 10 } } });
      expect(await upsert("new")).toEqual({ name: "new", shelf: 1 });
      expect(await upsert("new")).toEqual({ name: "new", shelf: 11 });
      await rejects(db.writers.delete({ where: { id: 1 } }), ForeignKeyViolationError, "FOREIGN_KEY.STILL_REFERENCED");
      expect(await db.books.delete({ where: { id: 3 }, select: ["title"] })).toEqual({ title: "Three" });
      await rejects(db.books.delete({ where: { id: 3 } }), NotFoundError, "NOT_FOUND.RECORD");
      await rejects(async () => db.books.deleteMany({}), QueryError, "QUERY.MISSING_WHERE");
      expect(await db.books.deleteMany({ all: true })).toMatchObject({ count: 2 });
      expect(await db.bookGenres.count()).toBe(0);
      await db.writers.delete({ where: { id: 1 } });
      expect((await db.writers.findById(2))!.mentorId).toBeNull();
    });
    run("transactions: callback, nested, by hand, aborted", async (db) => {
      class Stop extends Error {}
      const failed = db.transaction(async (tx) => {
        await tx.genres.create({ data: { name: "lost", shelf: 0 } });
        throw new Stop();
      });
      await expect(failed).rejects.toBeInstanceOf(Stop);
      await db.transaction(async (tx) => {
        await tx.genres.create({ data: { name: "kept", shelf: 0 } });
        const inner = tx.transaction(async (nested) => {
          await nested.genres.create({ data: { name: "inner", shelf: 0 } });
          await nested.genres.create({ data: { name: "kept", shelf: 0 } });
        });
        await rejects(inner, UniqueViolationError, "UNIQUE.VIOLATION");
        expect(await tx.genres.count()).toBe(3);
      });
      {
        await using tx = await db.begin();
        await tx.genres.create({ data: { name: "scoped", shelf: 0 } });
      }
      {
        await using tx = await db.begin();
        await tx.genres.create({ data: { name: "committed", shelf: 0 } });
        await tx.commit();
      }
      expect((await db.genres.findMany({ select: ["name"] })).map((row) => row.name)).toEqual([
        "committed",
        "kept",
        "poem",
        "prose",
      ]);
      await rejects(db.genres.findMany({ signal: AbortSignal.abort() }), AbortedError, "ABORT.SIGNAL");
    });
    run("mistakes in a call are refused before the engine", async (db) => {
      await rejects(async () => db.writers.findMany({ where: { nmae: "x" } }), QueryError, "QUERY.UNKNOWN_FIELD");
      await rejects(
        async () => db.writers.findMany({ where: { name: undefined } }),
        QueryError,
        "QUERY.UNDEFINED_VALUE",
      );
      await rejects(async () => db.writers.findMany({ where: { name: 5 } }), QueryError, "QUERY.INVALID_VALUE");
      await rejects(async () => db.writers.findMany({ populate: ["bokos"] }), QueryError, "QUERY.UNKNOWN_RELATION");
      await rejects(async () => db.writers.findMany({ wehre: {} }), QueryError, "QUERY.UNKNOWN_ARGUMENT");
      await rejects(async () => db.writers.findUnique({ where: { name: "Ada" } }), QueryError, "QUERY.NOT_UNIQUE");
    });

    needs(target, "reopens")("a restart finds everything; a changed model is recorded or refused by name", () =>
      withClient(target, async (db, place) => {
        await db.close();
        const again = await createClient<Names>({ models, engine: place.engine() });
        expect(await again.writers.findById(1)).toMatchObject({ name: "Ada", rev: 1 });
        expect((await again.writers.create({ data: writer("Gil") })).id).toBe(4);
        await again.close();
        const widened = {
          ...models,
          Genre: defineModel("Genre", z.object({ name: z.string(), shelf: z.int(), note: z.string().optional() }), {
            key: "name",
            indexes: ["shelf"],
          }),
        };
        const wide = await createClient<Names>({ models: widened, engine: place.engine() });
        expect(await wide.genres.findMany({ where: { shelf: 2 } })).toEqual([{ name: "prose", shelf: 2 }]);
        await wide.close();
        const narrowed = {
          ...models,
          Genre: defineModel("Genre", z.object({ name: z.string(), shelf: z.string() }), { key: "name" }),
        };
        const error = await rejects(
          createClient({ models: narrowed, engine: place.engine() }),
          SchemaDriftError,
          "SCHEMA.DRIFT",
        );
        expect(error.message).toContain("shelf");
      }),
    );
  });
};
