/**
 * Suite `editor`: runs bench/editor/measure.ts in a process of its own and lays out what it found. `--page` keeps the result in
 * bench/editor/results.json and writes it into docs/editor.md; `--only page` writes what is kept and measures nothing.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { describe, writePage } from "../editor/report.mjs";

const ROOT = resolve(import.meta.dirname, "../..");
const EDITOR = join(ROOT, "bench/editor");
const KEPT = join(EDITOR, "results.json");
const MODELS = "10,100,500";

export async function run({ rounds, scale, only, peers, models = MODELS, typescript, minutes, page }) {
  if (only?.join() === "page") {
    const kept = JSON.parse(readFileSync(KEPT, "utf8"));
    writePage(kept);
    return { result: kept, text: describe(kept), failed: false };
  }
  // Groups of five; two sizes that come to the same are one.
  const sizes = models.split(",").map((size) => Math.max(5, Math.round((Number(size) * scale) / 5) * 5));
  const args = [
    "--rounds",
    String(Math.max(1, Math.round(rounds * Math.min(1, scale)))),
    "--models",
    [...new Set(sizes)].join(),
  ];
  if (only !== null) args.push("--only", only.join());
  if (peers !== null) args.push("--peers", peers.join());
  if (typescript !== undefined) args.push("--ts", typescript);
  if (minutes !== undefined) args.push("--minutes", minutes);
  const child = spawnSync(process.execPath, ["--import", "tsx", join(EDITOR, "measure.ts"), ...args], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 1 << 26,
  });
  if (child.status !== 0) return { result: {}, text: "the measurement failed", failed: true };
  const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, platform: process.platform };
  const result = { ...JSON.parse(child.stdout), machine, at: new Date().toISOString() };
  if (page) {
    writeFileSync(KEPT, `${JSON.stringify(result, null, 1)}\n`);
    writePage(result);
  }
  const measured = result.rows.length + result.generated.length + Object.keys(result.watched).length;
  return { result, text: describe(result), failed: measured === 0 };
}
