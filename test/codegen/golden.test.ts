/**
 * Each folder of test/golden holds `models.ts` and, in `expected/`, exactly what generation makes of it. To accept new
 * output: UPDATE_GOLDEN=1 npx vitest run test/codegen/golden.test.ts, then read the diff.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { generate } from "../../codegen/generate.js";
import type { Project } from "../../codegen/load.js";

const GOLDEN = fileURLToPath(new URL("../golden", import.meta.url));
const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const update = process.env.UPDATE_GOLDEN === "1";
const cases = readdirSync(GOLDEN, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const scratch = mkdtempSync(join(tmpdir(), "tenon-golden-"));

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function projectOf(name: string): Project {
  const root = join(GOLDEN, name);
  return {
    root,
    configFile: join(root, "tenon.config.ts"),
    config: {
      models: ["./models.ts"],
      out: "expected",
      tsconfig: null,
      templates: null,
      comments: true,
      maps: name === "relations",
      readonly: false,
    },
    out: join(root, "expected"),
  };
}

describe.each(cases)("golden case %s", (name) => {
  const project = projectOf(name);

  it("generates what is expected", async () => {
    const { files } = await generate(project);
    const made = Object.fromEntries(files.map((file) => [file.path, file.text]));
    if (update) {
      rmSync(project.out, { recursive: true, force: true });
      mkdirSync(project.out);
      for (const file of files) writeFileSync(join(project.out, file.path), file.text);
    }
    const expected = Object.fromEntries(
      readdirSync(project.out).map((path) => [path, readFileSync(join(project.out, path), "utf8")]),
    );
    expect(made).toEqual(expected);
  });

  it("generates the same bytes again", async () => {
    const [first, second] = [await generate(project), await generate(project)];
    expect(second.files).toEqual(first.files);
  });

  it("needs no formatter", async () => {
    const { files } = await generate(project);
    const folder = join(scratch, name);
    mkdirSync(folder, { recursive: true });
    for (const file of files) writeFileSync(join(folder, file.path), file.text);
    const biome = join(REPOSITORY, "node_modules/.bin/biome");
    execFileSync(biome, ["format", "--write", "--indent-style=space", "--line-width=120", folder], {
      stdio: "pipe",
      cwd: scratch,
    });
    for (const file of files) expect(readFileSync(join(folder, file.path), "utf8"), file.path).toBe(file.text);
  });
});
