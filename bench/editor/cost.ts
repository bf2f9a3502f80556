/** What types cost the compiler: `tsc --extendedDiagnostics` with and without queries, the difference shared among them. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { CASE } from "../../test/editor/project.js";
import { say, timeFor } from "./limit.js";
import type { Peer } from "./peers.js";

const CHECK_MS = 180_000;

const WITHOUT =
  "export const rows0 = await (undefined as unknown as Promise<{ id: number; name: string | null }[]>);\n";

interface Cost {
  readonly instantiations: number;
  readonly checkMs: number;
  readonly memoryKb: number;
}

/** One run of the compiler over `text`; it must have errors exactly where `fails`. */
function check(home: string, folder: string, text: string, fails = false): Cost {
  writeFileSync(join(folder, CASE), text);
  // With the collector at hand the compiler counts what is alive, not what is lying about.
  const args = ["--expose-gc", "--max-old-space-size=8192", join(home, "bin/tsc"), "-p", ".", "--extendedDiagnostics"];
  const { stdout, error } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: "utf8",
    timeout: timeFor(CHECK_MS),
  });
  if (error !== undefined) throw error;
  if (!fails && /error TS/.test(stdout)) throw new TypeError(stdout.slice(0, 2000));
  if (fails && !/error TS/.test(stdout)) throw new TypeError("the typo was not noticed");
  const figure = (label: string): number =>
    Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(stdout)?.[1] ?? Number.NaN);
  return {
    instantiations: figure("Instantiations"),
    checkMs: figure("Check time") * 1000,
    memoryKb: figure("Memory used"),
  };
}

const BASES = new Map<string, Cost>();

const least = (costs: readonly Cost[]): Cost => ({
  instantiations: costs[0]?.instantiations ?? Number.NaN,
  checkMs: Math.min(...costs.map((each) => each.checkMs)),
  memoryKb: Math.min(...costs.map((each) => each.memoryKb)),
});

/** Per query, of the schema alone, and of a typo. Times are the least of some rounds; counts are the same in each. */
export function costOf(peer: Peer, home: string, folder: string, rounds: number): Readonly<Record<string, number>> {
  // `export` keeps the results used; the base holds everything but the queries: the schema, and rows awaited without a
  // library, so that what the compiler prepares once for any promise and any list is no peer's cost.
  const text = (queries: readonly string[]): string =>
    `${peer.head}${WITHOUT}${queries.map((q, i) => `export const q${i} = ${q};\n`).join("")}`;
  const base0 = `${peer.head}export const used0: unknown = db;\n${WITHOUT}`;
  const bases: Cost[] = [];
  const full: Cost[] = [];
  // Both forms of a peer stand on the same base.
  const key = `${home} ${folder} ${base0}`;
  const known = BASES.get(key);
  if (known !== undefined) bases.push(known);
  for (let round = 0; round < rounds; round++) {
    if (known === undefined) bases.push(check(home, folder, base0));
    full.push(check(home, folder, text(peer.queries)));
  }
  const right = check(home, folder, text([peer.typo[0]]));
  const wrong = check(home, folder, text([peer.typo[1]]), true);
  writeFileSync(join(folder, CASE), "");
  const [base, all] = [least(bases), least(full)];
  BASES.set(key, base);
  const each = (key: keyof Cost): number => (all[key] - base[key]) / peer.queries.length;
  say(`  ${peer.name}: ${each("instantiations").toFixed(1)} instantiations a query`);
  return {
    schemaInstantiations: base.instantiations,
    schemaCheckMs: base.checkMs,
    schemaMemoryKb: base.memoryKb,
    instantiationsPerQuery: each("instantiations"),
    checkMsPerQuery: each("checkMs"),
    memoryKbPerQuery: each("memoryKb"),
    typoInstantiations: wrong.instantiations - base.instantiations,
    typoRatio: (wrong.instantiations - base.instantiations) / Math.max(1, right.instantiations - base.instantiations),
  };
}
