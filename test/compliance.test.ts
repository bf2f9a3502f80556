/** Nobody is missing from the suite: every exported engine and storage is a target, every spec is run, a skip names a capability. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { SPECS } from "./conformance/index.js";
import { schemaOf, string } from "./support/schema.js";
import { MISSING_FACTORIES } from "./support/sql-targets.js";
import type { Spec } from "./support/target.js";
import { TARGETS } from "./targets.js";

const ROOT = resolve(import.meta.dirname, "..");
/** Entries that export no engine and no storage. */
const OTHER_ENTRIES = ["config.ts", "index.ts", "runtime.ts", "sencillo.ts", "types.ts"];

const entries = readdirSync(join(ROOT, "src")).filter((name) => name.endsWith(".ts") && !OTHER_ENTRIES.includes(name));
const specFiles = readdirSync(join(ROOT, "test/conformance")).filter((name) => name.endsWith(".spec.ts"));

describe("targets", () => {
  test("there is an entry with engines", () => expect(entries).toContain("embedded.ts"));
  /** Exported functions that look at a database's files and open no engine. */
  const TOOLS = ["verifyDatabase", "repairDatabase"];
  test.each(entries)("every factory that src/%s exports is a target", async (entry) => {
    const module = (await import(join(ROOT, "src", entry))) as Record<string, unknown>;
    const factories = Object.keys(module).filter((name) => typeof module[name] === "function");
    expect(factories.length).toBeGreaterThan(0);
    const covered = new Set([...TARGETS.flatMap((target) => target.factories), ...MISSING_FACTORIES, ...TOOLS]);
    expect(factories.filter((name) => !covered.has(name))).toEqual([]);
  });
  test("have names of their own", () => {
    expect(new Set(TARGETS.map(({ name }) => name)).size).toBe(TARGETS.length);
  });
  test.each(TARGETS.map((target) => [target.name, target] as const))("%s: is what it says it is", async (_, target) => {
    const place = await target.place();
    const engine = place.engine();
    try {
      await engine.open(schemaOf({ Any: { fields: { id: string } } }));
      const { isolation, writers, durable } = engine.capabilities;
      const { isolation: i, writers: w, durable: d } = target.capabilities;
      expect({ isolation, writers, durable }).toEqual({ isolation: i, writers: w, durable: d });
    } finally {
      await engine.close();
      await place.dispose();
    }
  });
});

describe("specs", () => {
  test("there are some", () => expect(specFiles.length).toBeGreaterThan(12));
  test.each(specFiles)("%s is run", async (name) => {
    const module = (await import(join(ROOT, "test/conformance", name))) as Record<string, Spec>;
    const specs = Object.values(module);
    expect(specs.length).toBeGreaterThan(0);
    expect(specs.filter((spec) => !SPECS.includes(spec))).toEqual([]);
  });
  test.each(specFiles)("%s skips by capability only", (name) => {
    const text = readFileSync(join(ROOT, "test/conformance", name), "utf8");
    expect(text.match(/\.(skip|only|todo|skipIf|runIf|fails)\b/g)).toBeNull();
    expect(text, "a spec does not ask which target it runs on").not.toMatch(/target\.(name|factories)\b/);
  });
  test("each of the ten promises is named by a spec", () => {
    const text = specFiles.map((name) => readFileSync(join(ROOT, "test/conformance", name), "utf8")).join("\n");
    const named = Array.from({ length: 10 }, (_, at) => at + 1).filter((n) => new RegExp(`promise ${n}:`).test(text));
    expect(named).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});
