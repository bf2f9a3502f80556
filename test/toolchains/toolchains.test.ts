/**
 * The same models run under every compiler that users have: the program opens the client that was generated from them,
 * which refuses when the schema's hash is another, then writes and reads. A compiler that is not here is skipped by name.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Decorators, ROOT, TOOLCHAINS } from "./compilers.js";

const FIXTURES = join(ROOT, "test/fixtures/toolchains");
const EXPECTED = '{"id":1,"rev":1,"made":"1970-01-01T00:00:00.000Z","pets":["cat"]}';

let root = "";

/** The package as users install it: compiled, with its own dependencies. */
function buildPackage(folder: string): void {
  const compiler = join(ROOT, "node_modules/typescript-7/bin/tsc");
  spawnSync(process.execPath, [compiler, "-p", join(ROOT, "tsconfig.build.json"), "--outDir", join(folder, "dist")]);
  cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
}

function makeProject(name: string, models: string): string {
  const folder = join(root, name);
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(join(root, "tenon"), join(folder, "node_modules/tenon"));
  for (const each of ["zod", "vitest"])
    symlinkSync(join(ROOT, "node_modules", each), join(folder, "node_modules", each));
  cpSync(join(FIXTURES, models, "models.ts"), join(folder, "models.ts"));
  cpSync(join(FIXTURES, "main.ts"), join(folder, "main.ts"));
  cpSync(join(root, models, ".tenon"), join(folder, ".tenon"), { recursive: true });
  writeFileSync(join(folder, "package.json"), MANIFEST);
  return folder;
}

const MANIFEST = JSON.stringify({
  type: "module",
  imports: { "#tenon": { types: "./.tenon/client.d.ts", default: "./.tenon/client.js" } },
});

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "tenon-toolchains-")));
  mkdirSync(join(root, "tenon"));
  buildPackage(join(root, "tenon"));
  for (const models of ["zod", "decorated"]) {
    const folder = join(root, models);
    mkdirSync(join(folder, "node_modules"), { recursive: true });
    symlinkSync(join(ROOT, "node_modules/zod"), join(folder, "node_modules/zod"));
    cpSync(join(FIXTURES, models, "models.ts"), join(folder, "models.ts"));
    writeFileSync(join(folder, "tenon.config.json"), '{ "models": "./models.ts" }');
    const command = join(root, "tenon/dist/codegen/cli/main.js");
    const made = spawnSync(process.execPath, [command, "generate"], { cwd: folder, encoding: "utf8" });
    expect(made.stderr).toContain("2 models");
  }
}, 120_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.each(TOOLCHAINS)("$name", ({ name, decorators, missing, run }) => {
  const kinds: readonly (readonly [string, string, Decorators])[] = decorators.map((kind) => [
    kind === "none" ? "zod models" : `models with ${kind} decorators`,
    kind === "none" ? "zod" : "decorated",
    kind,
  ]);
  if (missing !== null) {
    it.skip(`capability: ${missing}`, () => {});
    return;
  }
  it.each(kinds)("runs %s", (_, models, kind) => {
    const folder = makeProject(`${name.replace(/\W+/g, "-")}-${kind}`, models);
    expect(run(folder, kind).trim()).toBe(EXPECTED);
  });
});

it("would notice other models: the generated client refuses them", () => {
  const folder = makeProject("changed", "zod");
  writeFileSync(join(folder, "models.ts"), CHANGED);
  const [toolchain] = TOOLCHAINS.filter((each) => each.name === "tsx");
  expect(() => toolchain?.run(folder, "none")).toThrow(
    /generated client is older than the models[\s\S]*npx tenon generate/,
  );
});

const CHANGED =
  'import { defineModel } from "tenon";\nimport { z } from "zod";\n' +
  'export const Person = defineModel("Person", z.object({ id: z.int(), email: z.email() }), { collection: "people" });\n';
