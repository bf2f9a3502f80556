/**
 * Results of campaigns as JSON files in `results/`, and the table in docs/reliability.md that is made from them. A run is
 * kept when it was started with `--keep`; the large ones are, and only those are committed.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

const FOLDER = new URL("./results/", import.meta.url);
const PAGE = new URL("../../docs/reliability.md", import.meta.url);
const BEGIN = "<!-- results: npm run campaign -- report -->";
const END = "<!-- end of results -->";

export interface CampaignResult {
  readonly campaign: string;
  readonly seed: number;
  readonly passed: boolean;
  readonly seconds: number;
  /** What was counted, in the order in which it is shown. */
  readonly figures: Readonly<Record<string, number>>;
  /** What could not be run here, if anything. */
  readonly skipped?: readonly string[];
}

export interface KeptResult extends CampaignResult {
  readonly date: string;
  readonly commit: string;
  readonly node: string;
}

export function figureOf({ figures, seconds, passed, skipped = [] }: CampaignResult): string {
  const counts = Object.entries(figures).map(([name, count]) => `${count.toLocaleString("en-US")} ${name}`);
  const left = skipped.length === 0 ? "" : `; SKIPPED: ${skipped.join("; ")}`;
  return `${counts.join(", ")} in ${Math.round(seconds)} s: ${passed ? "passed" : "FAILED"}${left}`;
}

/** Prints the figure, keeps the result when asked to; the verdict. */
export function finish(result: CampaignResult, keep: boolean): boolean {
  if (keep) {
    const kept: KeptResult = {
      ...result,
      date: new Date().toISOString().slice(0, 10),
      commit: commitId(),
      node: process.version,
    };
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(new URL(`${result.campaign}.json`, FOLDER), `${JSON.stringify(kept, null, 2)}\n`);
  }
  console.log(figureOf(result));
  return result.passed;
}

/** TENON_COMMIT: for runs on an exported copy. */
function commitId(): string {
  return process.env.TENON_COMMIT ?? execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
}

export function keptResults(): readonly KeptResult[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) as KeptResult);
}

export function resultsTable(results: readonly KeptResult[]): string {
  const rows = results.map((one) => {
    const counts = Object.entries(one.figures).map(([name, count]) => `${count.toLocaleString("en-US")} ${name}`);
    const left = one.skipped?.length ? `; not run here: ${one.skipped.join("; ")}` : "";
    return `| \`${one.campaign}\` | ${one.passed ? "passed" : "**failed**"} | ${counts.join("<br>")}${left} | ${Math.round(one.seconds)} s | ${one.seed} | ${one.date}, \`${one.commit}\`, Node ${one.node} |`;
  });
  return ["| campaign | verdict | what was counted | time | seed | run |", "|---|---|---|---|---|---|", ...rows].join(
    "\n",
  );
}

/** Writes the table into the page; true when it was not up to date. */
export function writeReport(): boolean {
  const page = readFileSync(PAGE, "utf8");
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new RangeError(`docs/reliability.md lacks the lines ${BEGIN} and ${END}`);
  const next = `${page.slice(0, from)}${BEGIN}\n\n${resultsTable(keptResults())}\n\n${page.slice(to)}`;
  if (next === page) return false;
  writeFileSync(PAGE, next);
  return true;
}
