/** Generators as processes: cold, again with nothing changed, and one model touched while they watch. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { median, say, timeFor } from "./limit.js";
import { clean, ENVIRONMENT, type Generator, type Project } from "./projects.js";

const GENERATE_MS = 180_000;
const TOUCH_MS = 30_000;

export interface Written {
  readonly project: Project;
  readonly folder: string;
}

function timed({ command }: Generator, cwd: string): number {
  const start = performance.now();
  const { status, error, stderr } = spawnSync(process.execPath, command, {
    cwd,
    encoding: "utf8",
    env: ENVIRONMENT,
    timeout: timeFor(GENERATE_MS),
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new TypeError(stderr.slice(0, 400));
  return performance.now() - start;
}

/** Of the code that is generated: declarations and modules, not maps. */
export function bytesOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[jt]s$/.test(entry.name))
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

export function generateOnce({ project, folder }: Written): void {
  if (project.generator !== null) timed(project.generator, folder);
}

export function generationOf(
  { project, folder }: Written,
  models: number,
  rounds: number,
): Readonly<Record<string, number>> {
  const { generator } = project;
  if (generator === null) return {};
  const cold: number[] = [];
  const warm: number[] = [];
  for (let round = 0; round < rounds; round++) {
    clean(folder, generator);
    cold.push(timed(generator, folder));
    warm.push(timed(generator, folder));
  }
  say(`  ${project.name}: cold ${median(cold).toFixed(0)} ms, warm ${median(warm).toFixed(0)} ms`);
  return {
    generateColdMs: median(cold),
    generateWarmMs: median(warm),
    bytesPerModel: bytesOf(join(folder, generator.out)) / models,
  };
}

/** From the change of one model to the written code, with the watcher's own pause, in a process of its own. */
export async function watchOf({ project, folder }: Written, rounds: number): Promise<number | null> {
  const { generator } = project;
  if (generator === null) return null;
  const { watch, source, output, touch, sign } = generator;
  const file = join(folder, source);
  const text = readFileSync(file, "utf8");
  const child = spawn(process.execPath, watch, { cwd: folder, env: ENVIRONMENT, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      log += chunk;
    });
  const written = (n: number): boolean => {
    const path = join(folder, output);
    return existsSync(path) && readFileSync(path, "utf8").includes(sign(n));
  };
  const until = async (done: () => boolean, ms: number): Promise<void> => {
    const end = performance.now() + timeFor(ms);
    while (!done()) {
      if (child.exitCode !== null) throw new TypeError(`the watcher ended: ${log.slice(-300)}`);
      if (performance.now() > end) throw new TypeError(`nothing was written: ${log.slice(-300)}`);
      await sleep(2);
    }
  };
  try {
    await until(() => /watching/i.test(log), GENERATE_MS);
    const times: number[] = [];
    // The first change is not counted: everything is still warming up.
    for (let n = 1; n <= rounds + 1; n++) {
      await sleep(500);
      const start = performance.now();
      writeFileSync(file, touch(text, n));
      await until(() => written(n), TOUCH_MS);
      times.push(performance.now() - start);
    }
    say(`  ${project.name}: one model under watch ${median(times.slice(1)).toFixed(0)} ms`);
    return median(times.slice(1));
  } finally {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    if (child.exitCode === null) {
      child.kill("SIGKILL");
      await ended;
    }
    writeFileSync(file, text);
  }
}
