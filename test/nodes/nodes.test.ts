/**
 * Newer versions of Node, which test/nodes has as packages: all of the SQL conformance suite and the differential campaign over
 * node:sqlite, and what does most with the language itself. A version that is not installed is skipped with one loud line.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const NODE_SQLITE = [
  "test/conformance-sql.test.ts",
  "test/differential-sql.test.ts",
  "test/sql/sqlite-drivers.test.ts",
];
const REST = ["test/query", "test/repository", "test/schema", "test/storage/doc-codec.test.ts"];

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

function runOn(node: string, files: readonly string[], targets: string): Report {
  const folder = mkdtempSync(join(tmpdir(), "tenon-node-"));
  const report = join(folder, "report.json");
  const { TENON_TEST_POSTGRES_HOME: _, VITEST: __, ...env } = process.env;
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  try {
    const { stdout, stderr } = spawnSync(node, [vitest, "run", ...files, "--reporter=json", `--outputFile=${report}`], {
      cwd: ROOT,
      encoding: "utf8",
      timeout: 900_000,
      env: { ...env, TENON_TARGETS: targets, NODE_NO_WARNINGS: "1" },
    });
    if (!existsSync(report)) expect.fail(`no report:\n${stdout}\n${stderr}`);
    return JSON.parse(readFileSync(report, "utf8")) as Report;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function failures({ testResults }: Report): readonly string[] {
  return testResults.flatMap(({ name, status, assertionResults }) => {
    const failed = assertionResults.filter((each) => each.status === "failed").map(({ fullName }) => fullName);
    return failed.length === 0 && status === "failed" ? [`${name} could not be loaded`] : failed;
  });
}

for (const version of [22, 24]) {
  const node = join(import.meta.dirname, `node_modules/node${version}-${process.platform}-${process.arch}/bin/node`);
  const missing = !existsSync(node);
  if (missing)
    console.warn(`SKIPPED: node:sqlite under Node ${version}; run "npm install --no-save --prefix test/nodes"`);
  describe.skipIf(missing)(`Node ${version}`, () => {
    test("node:sqlite passes the conformance suite and agrees with the reference", { timeout: 900_000 }, () => {
      const report = runOn(node, NODE_SQLITE, "sqlite, node:sqlite");
      expect(failures(report)).toEqual([]);
      expect(report.numPassedTests).toBeGreaterThan(200);
      console.info(`Node ${version}, node:sqlite: ${report.numPassedTests} tests passed`);
    });
    test.skipIf(version === 22)("queries, schemas and repositories", { timeout: 900_000 }, () => {
      const report = runOn(node, REST, "none");
      expect(failures(report)).toEqual([]);
      expect(report.numPassedTests).toBeGreaterThan(200);
      console.info(`Node ${version}: ${report.numPassedTests} tests passed`);
    });
  });
}
