/**
 * Long random campaigns: `npm run campaign -- NAME [--size N] [--seed S] [--keep] [--minutes M] [--engines A,B]
 * [--workers N]`. The seed is printed first, the figure is the last line, the exit code is the verdict.
 */
import { parseArgs } from "node:util";
import { crashCampaign } from "./crash.js";
import { differentialCampaign } from "./differential.js";
import { fuzzCampaign } from "./fuzz.js";
import { hermitageCampaign } from "./hermitage.js";
import { isolationCampaign } from "./isolation.js";
import { powercutCampaign } from "./powercut.js";
import { processesCampaign } from "./processes.js";
import { reportCampaign } from "./report.js";
import { syscallsCampaign } from "./syscalls.js";

/** Runs the campaign; true when it found nothing wrong. Prints its figure last. */
export type Campaign = (options: {
  readonly size: number | null;
  readonly seed: number;
  /** Keep the result for the report. */
  readonly keep: boolean;
  /** Stop after so many minutes, where a campaign can; null: by size only. */
  readonly minutes: number | null;
  /** Names of targets, for campaigns that compare engines; null: the usual ones. */
  readonly engines: readonly string[] | null;
  /** Processes, for campaigns that can share out their work. */
  readonly workers: number;
}) => Promise<boolean>;

const CAMPAIGNS: Readonly<Record<string, Campaign>> = {
  differential: differentialCampaign,
  crash: crashCampaign,
  fuzz: fuzzCampaign,
  powercut: powercutCampaign,
  isolation: isolationCampaign,
  hermitage: hermitageCampaign,
  processes: processesCampaign,
  syscalls: syscallsCampaign,
  report: reportCampaign,
};

function whole(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = Number(text.replaceAll("_", ""));
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`--${name} needs a whole number above 0, not "${text}"`);
  return value;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      size: { type: "string" },
      seed: { type: "string" },
      keep: { type: "boolean", default: false },
      engines: { type: "string" },
      minutes: { type: "string" },
      workers: { type: "string" },
    },
  });
  const name = positionals[0] ?? "";
  if (!Object.hasOwn(CAMPAIGNS, name) || positionals.length > 1) {
    console.error(
      `usage: npm run campaign -- NAME [--size N] [--seed S] [--keep]; NAME is one of: ${Object.keys(CAMPAIGNS).join(", ")}`,
    );
    return 2;
  }
  const seed = whole("seed", values.seed) ?? (Date.now() % 1_000_000_000) + 1;
  console.log(`campaign ${name}, seed ${seed}`);
  return (await CAMPAIGNS[name]!({
    size: whole("size", values.size),
    seed,
    keep: values.keep,
    minutes: whole("minutes", values.minutes),
    engines: values.engines?.split(",") ?? null,
    workers: whole("workers", values.workers) ?? 1,
  }))
    ? 0
    : 1;
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof RangeError ? error.message : error);
  return 2;
});
