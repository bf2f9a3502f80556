/** What writes go through: exact results, every issue at once, and no harm from hostile input. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { collectModels } from "../../src/declare/collect.js";
import { defineModel, type ModelHandle } from "../../src/declare/define-model.js";
import type { ModelOptions } from "../../src/declare/options.js";
import type { ModelValidator } from "../../src/schema/validator.js";

function validator(shape: z.ZodRawShape | z.ZodObject, options: ModelOptions = {}): ModelValidator {
  const object = "_zod" in shape ? (shape as z.ZodObject) : z.object(shape as z.ZodRawShape);
  const M = defineModel("M", object, options) as unknown as ModelHandle;
  return collectModels({ M }).resolve().validators.get("M") as ModelValidator;
}

const user = validator(
  {
    id: z.int(),
    email: z.email(),
    name: z.string().nullable(),
    nick: z.string().optional(),
    role: z.enum(["admin", "member"]).default("member"),
    address: z.object({ city: z.string(), zip: z.string().optional() }).optional(),
    tags: z.array(z.string()),
  },
  { timestamps: true, version: "rev" },
);
const least = { email: "a@b.co", tags: [] };

describe("create", () => {
  test("applies defaults, makes absent nullable fields null, leaves generated ones out, in field order", () => {
    const result = user.create({ tags: ["x"], nick: undefined, email: "a@b.co" });
    expect(result).toEqual({ ok: true, value: { email: "a@b.co", name: null, role: "member", tags: ["x"] } });
    expect(Object.keys((result as unknown as { value: object }).value)).toEqual(["email", "name", "role", "tags"]);
  });

  test("takes generated fields when they are given, and checks them", () => {
    const createdAt = new Date(5);
    expect(user.create({ ...least, id: 7, createdAt, rev: 3 })).toMatchObject({ value: { id: 7, createdAt, rev: 3 } });
    expect(user.create({ ...least, id: "7" })).toMatchObject({ ok: false, issues: [{ path: ["id"] }] });
  });

  test("reports every problem at once, unknown fields with a suggestion", () => {
    const result = user.create({ emial: "x", email: "nope", tags: [1], address: { zip: 5 } });
    expect(result.ok ? [] : result.issues.map(({ path, message }) => [path.join("."), message])).toEqual([
      ["emial", 'unknown field `emial`; did you mean "email"?'],
      ["email", "Invalid email address"],
      ["address.city", "Invalid input: expected string, received undefined"],
      ["address.zip", "Invalid input: expected string, received number"],
      ["tags.0", "Invalid input: expected string, received number"],
    ]);
  });

  test("an unknown property of a strict object is an issue of its own", () => {
    const strict = validator({ id: z.int(), o: z.strictObject({ age: z.int().optional() }) });
    const result = strict.create({ o: { aeg: 1, wholly: 2 } });
    expect(result.ok ? [] : result.issues).toEqual([
      { path: ["o", "aeg"], message: 'unknown property `aeg`; did you mean "age"?', code: "unknown_field" },
      { path: ["o", "wholly"], message: "unknown property `wholly`; use one of: age", code: "unknown_field" },
    ]);
  });

  test.each([[null], [undefined], [5], ["x"], [[]]])("refuses %j as data", (data) => {
    const result = user.create(data as never);
    expect(result.ok).toBe(false);
    expect(result.ok ? [] : result.issues[0]?.path).toEqual([]);
  });

  test("numbers: NaN and infinities are refused, -0 is 0, integers stay in the safe range", () => {
    const numbers = validator({ id: z.int(), f: z.number(), any: z.unknown() });
    for (const f of [Number.NaN, Infinity, -Infinity]) {
      expect(numbers.create({ f }).ok).toBe(false);
      expect(numbers.create({ f: 1, any: { deep: [f] } })).toMatchObject({
        ok: false,
        issues: [{ path: ["any", "deep", 0], message: `${f} cannot be stored` }],
      });
    }
    const zero = numbers.create({ id: -0, f: -0, any: [-0] }) as unknown as {
      value: { id: number; f: number; any: number[] };
    };
    expect([zero.value.id, zero.value.f, zero.value.any[0]].map((value) => Object.is(value, 0))).toEqual([
      true,
      true,
      true,
    ]);
    expect(numbers.create({ id: 2 ** 53, f: 1 }).ok).toBe(false);
  });

  test("dates and bytes are copied and plain; invalid dates are refused", () => {
    const model = validator({ id: z.int(), at: z.date(), bytes: z.instanceof(Uint8Array) });
    class Moment extends Date {}
    const at = new Moment(1000);
    const bytes = Buffer.from([1, 2, 3]);
    const { value } = model.create({ at, bytes }) as unknown as { value: { at: Date; bytes: Uint8Array } };
    at.setTime(0);
    bytes[0] = 9;
    expect(value.at.getTime()).toBe(1000);
    expect(Object.getPrototypeOf(value.at)).toBe(Date.prototype);
    expect(Object.getPrototypeOf(value.bytes)).toBe(Uint8Array.prototype);
    expect([...value.bytes]).toEqual([1, 2, 3]);
    expect(model.create({ at: new Date(Number.NaN), bytes }).ok).toBe(false);
  });

  test("the result shares nothing with the input", () => {
    const data = { email: "a@b.co", tags: ["x"], address: { city: "Paris" } };
    const { value } = user.create(data) as unknown as { value: typeof data };
    data.tags.push("y");
    data.address.city = "Rome";
    expect(value.tags).toEqual(["x"]);
    expect(value.address.city).toBe("Paris");
  });

  test("nested undefined is dropped; class instances, functions and rings inside free values are refused", () => {
    const free = validator({ id: z.int(), any: z.any() });
    expect(free.create({ any: { a: undefined, b: [{ c: undefined }] } })).toEqual({
      ok: true,
      value: { any: { b: [{}] } },
    });
    class Point {}
    const ring: Record<string, unknown> = {};
    ring.self = ring;
    const messages = [{ p: new Point() }, { f: () => 1 }, [undefined], Symbol("s"), ring, new Map()].map((any) => {
      const result = free.create({ any });
      return result.ok ? "" : result.issues[0]?.message;
    });
    expect(messages).toEqual([
      "an instance of Point cannot be stored; give a plain object",
      "a value of type function cannot be stored",
      "a value of type undefined cannot be stored",
      "a value of type symbol cannot be stored",
      "values nested deeper than 500 levels (or in a ring) cannot be stored",
      "an instance of Map cannot be stored; give a plain object",
    ]);
  });

  test("__proto__, constructor and toString as keys neither pollute nor pass", () => {
    for (const text of [
      '{"__proto__":{"admin":true}}',
      '{"constructor":{"prototype":{"admin":true}}}',
      '{"toString":1}',
    ]) {
      const result = user.create(merge(text));
      expect(result).toMatchObject({ ok: false, issues: [{ code: "unknown_field" }] });
    }
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test("__proto__ inside records and free values stays an own key, or is refused, and never a prototype", () => {
    const model = validator({ id: z.int(), any: z.any(), free: z.looseObject({}).optional() });
    const inner = JSON.parse('{"__proto__":{"admin":true},"constructor":1}') as object;
    const { value } = model.create({ any: inner }) as unknown as { value: { any: object } };
    expect(Object.getPrototypeOf(value.any)).toBe(Object.prototype);
    expect(JSON.stringify(value.any)).toBe('{"__proto__":{"admin":true},"constructor":1}');
    expect(model.create({ any: 1, free: inner })).toMatchObject({
      ok: false,
      issues: [{ path: ["free", "__proto__"], code: "forbidden_key" }],
    });
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test("a key that zod would leave out of a record is refused, wherever the record is", () => {
    const record = z.record(z.string(), z.int());
    const model = validator({
      id: z.int(),
      a: record.optional(),
      list: z.array(z.object({ inner: record })).optional(),
      pair: z.tuple([z.string(), record]).optional(),
      either: z.union([z.string(), record]).optional(),
      deep: z.record(z.string(), record).optional(),
    });
    const bad = JSON.parse('{"x":1,"__proto__":2}') as Record<string, number>;
    const cases: [object, (string | number)[]][] = [
      [{ a: bad }, ["a", "__proto__"]],
      [{ list: [{ inner: {} }, { inner: bad }] }, ["list", 1, "inner", "__proto__"]],
      [{ pair: ["p", bad] }, ["pair", 1, "__proto__"]],
      [{ either: bad }, ["either", "__proto__"]],
      [{ deep: { k: bad } }, ["deep", "k", "__proto__"]],
    ];
    for (const [data, path] of cases) {
      expect(model.create(data as never)).toMatchObject({ ok: false, issues: [{ path, code: "forbidden_key" }] });
      const [name, value] = Object.entries(data)[0]!;
      expect(model.field(name, value)).toMatchObject({ ok: false, issues: [{ path, code: "forbidden_key" }] });
    }
    expect(model.create({ a: { x: 1 }, deep: { k: { x: 1 } } } as never)).toMatchObject({ ok: true });
  });

  test("a string of 10 MB, and a value nested 100,000 deep", () => {
    const big = "x".repeat(10_000_000);
    expect(user.create({ ...least, name: big })).toMatchObject({ ok: true, value: { name: big } });
    expect(user.create({ ...least, [big]: 1 })).toMatchObject({ ok: false });
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(validator({ id: z.int(), any: z.json() }).create({ any: deep }).ok).toBe(false);
    expect(validator({ id: z.int(), any: z.any() }).create({ any: deep }).ok).toBe(false);
  });

  test("transforms, codecs and coercion store the output", () => {
    const model = validator({
      id: z.int(),
      length: z
        .string()
        .transform((text) => text.length)
        .pipe(z.int()),
      at: z.codec(z.iso.datetime(), z.date(), {
        decode: (text) => new Date(text),
        encode: (date) => date.toISOString(),
      }),
      n: z.coerce.number(),
      slug: z.string().trim().toLowerCase(),
    });
    expect(model.create({ length: "abc", at: "2026-01-01T00:00:00Z", n: "4", slug: " A " })).toEqual({
      ok: true,
      value: { length: 3, at: new Date("2026-01-01T00:00:00Z"), n: 4, slug: "a" },
    });
  });

  test("a transform that does not make what it says is refused, not stored", () => {
    const model = validator({ id: z.int(), n: z.number().catch((() => "oops") as never) });
    expect(model.create({ n: "x" })).toMatchObject({
      ok: false,
      issues: [{ path: ["n"], message: "the model's schema made a string of it, but a number is stored" }],
    });
  });
});

function merge(text: string): Record<string, unknown> {
  return JSON.parse(text.replace("{", '{"email":"a@b.co","tags":[],')) as Record<string, unknown>;
}

describe("whole-object refinements", () => {
  const period = validator(
    z
      .object({ id: z.int(), from: z.int(), to: z.int().nullable(), createdAt: z.date() })
      .refine((row) => row.to === null || row.to === undefined || row.from <= row.to, {
        message: "ends before it starts",
        path: ["to"],
      })
      .refine((row) => row.createdAt instanceof Date, "createdAt is missing"),
    { timestamps: { updatedAt: false } },
  );

  test("run on create, with stand-ins for generated values that are left out again", () => {
    expect(period.hasObjectChecks).toBe(true);
    expect(period.create({ from: 1, to: 2 })).toEqual({ ok: true, value: { from: 1, to: 2 } });
    expect(period.create({ from: 3, to: 2 })).toEqual({
      ok: false,
      issues: [{ path: ["to"], message: "ends before it starts", code: "custom" }],
    });
  });

  test("run on what is stored", () => {
    const row = { id: 1, from: 1, to: null, createdAt: new Date(0) };
    expect(period.stored(row, ["from"])).toEqual([]);
    expect(period.stored({ ...row, from: 5, to: 2 }, ["from"])).toEqual([
      { path: ["to"], message: "ends before it starts", code: "custom" },
    ]);
    expect(user.hasObjectChecks).toBe(false);
  });

  test("one that throws is an issue", () => {
    const bad = validator(z.object({ id: z.int(), o: z.any() }).refine((row) => row.o.p.q === 1));
    expect(bad.create({ o: {} })).toMatchObject({ ok: false, issues: [{ path: [], code: "check_threw" }] });
  });

  test("a refinement that returns a promise is refused with a clear issue", () => {
    const waiting = validator({ id: z.int(), a: z.string().refine((() => Promise.resolve(true)) as never) });
    expect(waiting.create({ a: "x" })).toEqual({
      ok: false,
      issues: [
        {
          path: [],
          message: "a refinement or transform is async, but writes are checked synchronously",
          code: "async",
        },
      ],
    });
  });
});

describe("field", () => {
  test("validates one value with its transforms but without its default", () => {
    expect(user.field("email", "x@y.zz")).toEqual({ ok: true, value: "x@y.zz" });
    expect(user.field("role", undefined)).toMatchObject({ ok: false, issues: [{ path: ["role"], code: "required" }] });
    expect(user.field("name", null)).toEqual({ ok: true, value: null });
    expect(user.field("email", null)).toMatchObject({ ok: false, issues: [{ path: ["email"] }] });
    expect(user.field("address", { city: 1 })).toMatchObject({ ok: false, issues: [{ path: ["address", "city"] }] });
    expect(user.field("nmae", 1)).toMatchObject({
      issues: [{ message: 'unknown field `nmae`; did you mean "name"?' }],
    });
    const trimmed = validator({ id: z.int(), a: z.string().trim().default("d") });
    expect(trimmed.field("a", " x ")).toEqual({ ok: true, value: "x" });
  });
});

describe("stored", () => {
  const model = validator({
    id: z.int(),
    age: z.int().min(0).max(150),
    tags: z.array(z.string().max(3)).max(2),
    length: z
      .string()
      .transform((text) => text.length)
      .pipe(z.int().min(2)),
    maybe: z.int().min(5).nullable(),
    plain: z.bigint(),
    checked: z.bigint().positive(),
    nested: z.array(z.object({ n: z.string().transform(Number).pipe(z.number().max(9)) })).default([]),
  });
  const row = { id: 1, age: 30, tags: ["a"], length: 3, maybe: null, plain: 1n, checked: 1n, nested: [{ n: 4 }] };

  test("checks the output side of the named fields", () => {
    expect(model.stored(row, Object.keys(row))).toEqual([]);
    const changed = { ...row, age: 151, tags: ["a", "long"], length: 1, maybe: 1, nested: [{ n: 10 }] };
    const paths = (fields: string[]) => model.stored(changed, fields).map((issue) => issue.path.join("."));
    expect(paths(["age"])).toEqual(["age"]);
    expect(paths(Object.keys(row)).sort()).toEqual(["age", "length", "maybe", "nested.0.n", "tags.1"]);
  });

  test("null where the field is nullable is right, absence where it is required is not", () => {
    expect(model.stored(row, ["maybe"])).toEqual([]);
    const { age: _age, ...without } = row;
    expect(model.stored(without, ["age"])).toMatchObject([{ path: ["age"] }]);
  });

  test("hasChecks is false only where nothing can be found", () => {
    expect(Object.keys(row).filter((field) => !model.hasChecks(field))).toEqual(["plain"]);
  });
});

describe("fuzz", () => {
  const model = validator({
    id: z.int(),
    s: z.string().nullable(),
    n: z.number().optional(),
    d: z.date().nullable(),
    u: z.instanceof(Uint8Array).optional(),
    any: z.unknown(),
    list: z.array(z.union([z.string(), z.int(), z.object({ x: z.number() })])).default([]),
    rec: z.record(z.string(), z.any()).optional(),
  });
  const hostile = fc.oneof(
    fc.anything({
      withBigInt: true,
      withDate: true,
      withTypedArray: true,
      withNullPrototype: true,
      withMap: true,
      withSet: true,
      withSparseArray: true,
    }),
    fc.constantFrom(
      Number.NaN,
      -0,
      new Date(Number.NaN),
      Symbol.iterator,
      () => 1,
      JSON.parse('{"__proto__":{"polluted":1}}'),
    ),
  );
  const key = fc.oneof(
    fc.constantFrom("id", "s", "n", "d", "u", "any", "list", "rec", "__proto__", "constructor", "x"),
    fc.string(),
  );
  const data = fc.array(fc.tuple(key, hostile), { maxLength: 6 }).map((entries) => {
    const out: Record<string, unknown> = {};
    for (const [name, value] of entries)
      Object.defineProperty(out, name, { value, enumerable: true, configurable: true, writable: true });
    return out;
  });

  test("create never throws; a result is plain, known, finite, and valid as stored", () => {
    fc.assert(
      fc.property(data, (input) => {
        const result = model.create(input);
        expect(({} as { polluted?: number }).polluted).toBeUndefined();
        if (!result.ok) {
          expect(result.issues.length).toBeGreaterThan(0);
          return;
        }
        expectPlain(result.value);
        for (const name of Object.keys(result.value))
          expect(["id", "s", "n", "d", "u", "any", "list", "rec"]).toContain(name);
        expect(model.stored({ ...result.value, id: 1 }, Object.keys(result.value))).toEqual([]);
        expect(model.create(result.value)).toEqual(result);
      }),
      { numRuns: 2000 },
    );
  });

  test("field never throws, and agrees with create", () => {
    fc.assert(
      fc.property(fc.constantFrom("s", "n", "d", "u", "any", "list", "rec"), hostile, (name, value) => {
        const single = model.field(name, value);
        const whole = model.create({ [name]: value });
        if (value === undefined) expect(single.ok).toBe(false);
        else if (single.ok)
          expect(whole).toMatchObject({ ok: true, value: single.value === null ? {} : { [name]: single.value } });
        else expect(whole.ok).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});

function expectPlain(value: unknown): void {
  if (typeof value === "number") {
    expect(Number.isFinite(value) && !Object.is(value, -0)).toBe(true);
  } else if (typeof value === "object" && value !== null) {
    const prototype: unknown = Object.getPrototypeOf(value);
    expect([Object.prototype, Array.prototype, Date.prototype, Uint8Array.prototype]).toContain(prototype);
    if (value instanceof Date) expect(Number.isNaN(value.getTime())).toBe(false);
    else if (!(value instanceof Uint8Array)) Object.values(value).forEach(expectPlain);
  } else {
    expect(["string", "boolean", "bigint", "object"]).toContain(typeof value);
  }
}
