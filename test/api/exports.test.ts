/** A public name comes, goes or changes only on purpose: by an edit of exports.txt (UPDATE_EXPORTS=1 writes it). */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { publicNames } from "../support/exports.js";

const ROOT = resolve(import.meta.dirname, "../..");
const FILE = join(import.meta.dirname, "exports.txt");

test("the public names are those of exports.txt", () => {
  const names = publicNames(ROOT);
  expect(names).toContain("tenon  createClient  function");
  expect(names).toContain("tenon  Engine  type");
  if (process.env.UPDATE_EXPORTS === "1") writeFileSync(FILE, names);
  expect(names).toBe(readFileSync(FILE, "utf8"));
});

test("every entry of package.json has its names", () => {
  const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    exports: Record<string, unknown>;
  };
  const listed = new Set(
    readFileSync(FILE, "utf8")
      .split("\n")
      .map((line) => line.split("  ")[0]),
  );
  for (const entry of Object.keys(exports)) {
    if (entry !== "./package.json") expect(listed, entry).toContain(entry === "." ? "tenon" : `tenon${entry.slice(1)}`);
  }
});
