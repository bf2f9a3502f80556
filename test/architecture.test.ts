/** The layer table and the house rules, checked over every source file; and each rule checked to be able to fail. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import {
  badNames,
  bareThrows,
  barrels,
  defaultExports,
  explicitAny,
  importCycles,
  type LayerTable,
  layerOf,
  layerViolations,
  lineCounts,
  parseTree,
  type Tree,
  tooLong,
} from "./support/architecture.js";

const ROOT = resolve(import.meta.dirname, "..");
const FOLDERS = ["src", "codegen", "templates"];
const HARD_LIMIT = 400;
const SOFT_LIMIT = 300;

function readTree(): Tree {
  const tree = new Map<string, string>();
  for (const folder of FOLDERS) {
    for (const entry of readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith(".ts")) continue;
      const path = posix.join(entry.parentPath.slice(ROOT.length + 1).replaceAll("\\", "/"), entry.name);
      tree.set(path, readFileSync(join(ROOT, path), "utf8"));
    }
  }
  return tree;
}

const table = JSON.parse(readFileSync(join(ROOT, "test/layers.json"), "utf8")) as LayerTable;
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Record<
  "dependencies" | "peerDependencies",
  Record<string, string> | undefined
>;

describe("the source tree", () => {
  const tree = readTree();
  const parsed = parseTree(tree);

  test("is where it is expected", () => {
    expect([...tree.keys()].filter((path) => path.startsWith("src/")).length).toBeGreaterThan(12);
    expect(tree.has("src/base/errors.ts")).toBe(true);
  });
  test("follows the layer table", () => expect(layerViolations(parsed, table)).toEqual([]));
  test("has no import cycles", () => expect(importCycles(parsed)).toEqual([]));
  test("throws no bare errors", () => expect(bareThrows(parsed)).toEqual([]));
  test("has no explicit any", () => expect(explicitAny(parsed)).toEqual([]));
  test("has no default exports", () => expect(defaultExports(parsed)).toEqual([]));
  test("has no barrels besides the entries", () => expect(barrels(parsed)).toEqual([]));
  test("has kebab-case names", () => expect(badNames(tree.keys())).toEqual([]));
  test(`has no file over ${HARD_LIMIT} lines`, () => {
    const long = lineCounts(tree).filter(({ lines }) => lines > SOFT_LIMIT);
    if (long.length > 0) {
      console.info(`over ${SOFT_LIMIT} lines: ${long.map(({ path, lines }) => `${path} (${lines})`).join(", ")}`);
    }
    expect(tooLong(tree, HARD_LIMIT)).toEqual([]);
  });
  test("every external package of the table is a dependency or a peer", () => {
    const installed = { ...manifest.dependencies, ...manifest.peerDependencies };
    expect(Object.keys(table.external).filter((name) => !Object.hasOwn(installed, name))).toEqual([]);
  });
  test("the table has no circle", () => {
    for (const [layer, allowed] of Object.entries(table.layers)) {
      for (const other of allowed) {
        expect(Object.hasOwn(table.layers, other), `${layer} -> ${other} names a row`).toBe(true);
        expect(table.layers[other], `${layer} <-> ${other}`).not.toContain(layer);
      }
    }
  });
});

describe("the rules can fail", () => {
  const small: LayerTable = {
    layers: {
      "src/base": [],
      "src/engine": ["src/base"],
      "src/engine/embedded": ["src/engine", "src/base"],
      src: ["src/base"],
    },
    external: { zod: ["src"] },
  };
  const tree = (files: Record<string, string>) => parseTree(new Map(Object.entries(files)));

  test("longest prefix decides the layer; src means its own files only", () => {
    expect(layerOf("src/engine/embedded/deep/x.ts", small)).toBe("src/engine/embedded");
    expect(layerOf("src/engine/x.ts", small)).toBe("src/engine");
    expect(layerOf("src/index.ts", small)).toBe("src");
    expect(layerOf("src/unknown/x.ts", small)).toBeNull();
    expect(layerOf("src/enginex/x.ts", small)).toBeNull();
  });
  test.each([
    [
      "a static import upwards",
      { "src/base/a.ts": 'import { x } from "../engine/b.js";' },
      "src/base must not import src/engine",
    ],
    [
      "a type import upwards",
      { "src/base/a.ts": 'import type { X } from "../engine/b.js";' },
      "src/base must not import src/engine",
    ],
    [
      "an inline type import",
      { "src/base/a.ts": 'export type X = import("../engine/b.js").X;' },
      "src/base must not import src/engine",
    ],
    [
      "a dynamic import",
      { "src/base/a.ts": 'export const x = () => import("../engine/b.js");' },
      "src/base must not import",
    ],
    ["a re-export", { "src/base/a.ts": 'export { x } from "../engine/b.js";' }, "src/base must not import src/engine"],
    [
      "a parent importing a child layer",
      { "src/engine/a.ts": 'import "./embedded/b.js";' },
      "must not import src/engine/embedded",
    ],
    ["an unknown package", { "src/base/a.ts": 'import "left-pad";' }, '"left-pad" is not in the table'],
    [
      "a package in the wrong place",
      { "src/base/a.ts": 'import { z } from "zod/v4";' },
      'must not import package "zod"',
    ],
    ["a folder without a row", { "src/other/a.ts": "" }, "has no row"],
    ["a builtin without node:", { "src/base/a.ts": 'import "fs";' }, '"fs" is not in the table'],
    ["a missing suffix", { "src/base/a.ts": 'import "./b";' }, "lacks its .js suffix"],
    ["leaving the tree", { "src/base/a.ts": 'import "../../test/x.js";' }, "outside of every layer"],
  ])("layers: %s", (_, files, message) => {
    expect(layerViolations(tree(files), small).join("\n")).toContain(message);
  });
  test("layers: what is allowed passes", () => {
    const files = {
      "src/engine/embedded/a.ts": 'import "node:fs"; import "../b.js"; import "../../base/c.js"; import "./d.js";',
    };
    expect(layerViolations(tree(files), small)).toEqual([]);
    expect(layerViolations(tree({ "src/index.ts": 'import { z } from "zod";' }), small)).toEqual([]);
  });
  test("cycles: also of type imports, and of three files", () => {
    const files = {
      "src/base/a.ts": 'import type { B } from "./b.js";',
      "src/base/b.ts": 'export * from "./c.js";',
      "src/base/c.ts": 'import "./a.js";',
      "src/base/d.ts": 'import "./a.js";',
    };
    expect(importCycles(tree(files))).toEqual(["src/base/a.ts <-> src/base/b.ts <-> src/base/c.ts"]);
    expect(importCycles(tree({ "src/base/a.ts": 'import "./a.js";' }))).toHaveLength(1);
    expect(importCycles(tree({ "src/base/a.ts": 'import "./b.js";', "src/base/b.ts": "" }))).toEqual([]);
  });
  test("bare errors", () => {
    const bad = 'throw new Error("x"); throw Error("y"); new Promise((_, reject) => reject(new TypeError("z")));';
    expect(bareThrows(tree({ "src/base/a.ts": bad }))).toHaveLength(3);
    const good = 'throw new QueryError("x"); const at = new Error().stack; // throw new Error("no")';
    expect(bareThrows(tree({ "src/base/a.ts": good }))).toEqual([]);
  });
  test("explicit any", () => {
    expect(explicitAny(tree({ "src/base/a.ts": "let a: any; const b = 1 as any; type C = any[];" }))).toHaveLength(3);
    expect(explicitAny(tree({ "src/base/a.ts": 'const any = "any"; // any' }))).toEqual([]);
  });
  test("default exports", () => {
    for (const text of ["export default 1;", "export default class {}", "const a = 1; export { a as default };"]) {
      expect(defaultExports(tree({ "src/base/a.ts": text })), text).toHaveLength(1);
    }
    expect(defaultExports(tree({ "src/base/a.ts": "export const a = 1;" }))).toEqual([]);
  });
  test("barrels", () => {
    expect(
      barrels(tree({ "src/base/a.ts": 'export { x } from "./b.js"; export type { Y } from "./c.js";' })),
    ).toHaveLength(1);
    expect(barrels(tree({ "src/base/a.ts": 'export * from "./b.js"; export const x = 1;' }))).toHaveLength(1);
    expect(barrels(tree({ "src/index.ts": 'export * from "./base/b.js";' }))).toEqual([]);
    expect(barrels(tree({ "src/base/a.ts": 'export type { X } from "./b.js"; export const y = 1;' }))).toEqual([]);
  });
  test("names and sizes", () => {
    expect(
      badNames(["src/base/a-b.ts", "src/fromZod.ts", "src/Base/a.ts", "src/a_b.ts", "src/types.d.ts"]),
    ).toHaveLength(3);
    const lines = new Map([
      ["a.ts", "x\n".repeat(401)],
      ["b.ts", "x\n".repeat(400)],
    ]);
    expect(tooLong(lines, HARD_LIMIT)).toEqual(["a.ts: 401 lines"]);
  });
});
