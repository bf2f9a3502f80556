/** What a benchmark needs before it can start: the peers installed, and a build of Tenon that is not older than its sources. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
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

export function prepare({ build }) {
  if (!existsSync(join(BENCH, "node_modules/better-sqlite3"))) {
    console.error("installing the peers (once; better-sqlite3 may be compiled) …");
    run("npm", ["ci", "--no-audit", "--no-fund"], BENCH);
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
