/** `npm run bench -- editor`: what types and generation cost, for Tenon and its peers in one run. Prints one JSON object. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { applyChanges, planChanges } from "../../codegen/emit.js";
import { Session } from "../../codegen/session.js";
import { watchAndRun } from "../../codegen/watch.js";
import {
  CASE,
  COMPILERS,
  emitPackage,
  makeFolder,
  makeProject,
  ROOT,
  removeFolder,
} from "../../test/editor/project.js";
import { openTsserver } from "../../test/editor/tsserver.js";
import { type Built, PEERS, type Peer } from "./peers.js";

const { values } = parseArgs({
  options: {
    models: { type: "string", default: "10,100" },
    ts: { type: "string", default: "5.9" },
    rounds: { type: "string", default: "7" },
    peers: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const wanted = values.peers?.split(",");
const compiler = COMPILERS.find((each) => each.version === values.ts) ?? COMPILERS[0];
const home = join(ROOT, "node_modules", compiler.folder);

interface Cost {
  readonly instantiations: number;
  readonly checkMs: number;
  readonly memoryKb: number;
}

function check(folder: string, text: string, fails = false): Cost {
  writeFileSync(join(folder, CASE), text);
  const { stdout } = spawnSync(process.execPath, [join(home, "bin/tsc"), "-p", ".", "--extendedDiagnostics"], {
    cwd: folder,
    encoding: "utf8",
  });
  if (!fails && /error TS/.test(stdout)) throw new TypeError(`${folder}: ${stdout.slice(0, 2000)}`);
  if (fails && !/error TS/.test(stdout)) throw new TypeError(`${folder}: the typo was not noticed`);
  const figure = (label: string): number =>
    Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(stdout)?.[1] ?? Number.NaN);
  return {
    instantiations: figure("Instantiations"),
    checkMs: figure("Check time") * 1000,
    memoryKb: figure("Memory used"),
  };
}

const median = (list: readonly number[]): number =>
  [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;

/** First and warm latencies of one editor service: completion, hover, and the round trip of a typo. */
async function latencies(folder: string, peer: Peer): Promise<Record<string, number>> {
  const file = join(folder, CASE);
  const editor = openTsserver(join(home, "lib/tsserver.js"), folder);
  const time = async (work: () => Promise<unknown>): Promise<number> => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  const at = peer.head.length + peer.complete.indexOf("|");
  const complete = async (n: number): Promise<void> => {
    await editor.open(file, `${peer.head}${peer.complete.replace("|", "")}\n// ${n}`);
    const entries = await editor.completions(file, at);
    if (entries.length < 2 || entries.some((each) => each.name === "AbortSignal"))
      throw new TypeError(`${peer.name}: no completions`);
  };
  const hover = async (n: number): Promise<void> => {
    await editor.open(file, `${peer.head}const rows${n} = ${peer.queries[4]};`);
    await editor.hover(file, peer.head.length + "const ro".length);
  };
  const error = async (n: number): Promise<void> => {
    await editor.open(file, `${peer.head}export const r${n} = ${peer.typo[n % 2]};`);
    if ((await editor.errors(file)).length > 0 !== (n % 2 === 1)) throw new TypeError(`${peer.name}: the typo`);
  };
  try {
    const first = await time(() => complete(0));
    const several = async (work: (n: number) => Promise<void>): Promise<number> => {
      await work(0);
      const times: number[] = [];
      for (let n = 1; n <= rounds * 2; n++) times.push(await time(() => work(n)));
      return median(times);
    };
    return { first, completion: await several(complete), hover: await several(hover), error: await several(error) };
  } finally {
    await editor.close();
  }
}

async function measure(peer: Peer, models: number, root: string): Promise<object> {
  const folder = join(root, `${peer.name.replace(/\W+/g, "-")}-${models}`);
  const built: Built = await peer.build(folder, models, join(root, "tenon"));
  // `export` keeps the results used; the base holds everything but the queries.
  const base = check(folder, `${peer.head}export const used0: unknown = db;\n`);
  const text = (queries: readonly string[]): string =>
    `${peer.head}${queries.map((q, i) => `export const q${i} = ${q};\n`).join("")}`;
  const all = check(folder, text(peer.queries));
  const right = check(folder, text([peer.typo[0]]));
  const wrong = check(folder, text([peer.typo[1]]), true);
  const each = (key: keyof Cost): number => (all[key] - base[key]) / peer.queries.length;
  writeFileSync(join(folder, CASE), "");
  return {
    peer: peer.name,
    models,
    schemaInstantiations: base.instantiations,
    instantiationsPerQuery: each("instantiations"),
    checkMsPerQuery: each("checkMs"),
    memoryKbPerQuery: each("memoryKb"),
    typoRatio: (wrong.instantiations - base.instantiations) / Math.max(1, right.instantiations - base.instantiations),
    ...(await latencies(folder, peer)),
    generateColdMs: built.cold,
    generateWarmMs: built.warm,
    bytesPerModel: built.bytes === null ? null : built.bytes / models,
  };
}

/** From the change of one model's file to the written declaration, with the watcher's own pause. */
async function watched(root: string, models: number): Promise<readonly number[]> {
  const folder = join(root, `watch-${models}`);
  mkdirSync(folder);
  await makeProject(folder, models, join(root, "tenon"));
  const session = new Session({ cwd: folder });
  const controller = new AbortController();
  let done: () => void = () => {};
  const running = watchAndRun({
    signal: controller.signal,
    missed: () => {
      session.warmUp();
      setImmediate(() => done());
      return session.changed();
    },
    run: async () => {
      const { project, generated } = await session.run();
      applyChanges(project.out, planChanges(project.out, generated.files));
      done();
      return session.files();
    },
  });
  const file = join(folder, "models/group1.ts");
  const text = readFileSync(file, "utf8");
  const times: number[] = [];
  await new Promise<void>((resolve) => {
    done = resolve;
  });
  for (let n = 0; n <= rounds; n++) {
    await sleep(300);
    const output = join(folder, ".tenon/profile1.d.ts");
    const start = performance.now();
    writeFileSync(file, text.replace("bio:", `bio${n}:`));
    while (!readFileSync(output, "utf8").includes(`  bio${n}: string`)) await sleep(1);
    times.push(performance.now() - start);
  }
  controller.abort();
  await running;
  return times.slice(1);
}

const root = makeFolder();
try {
  emitPackage(join(root, "tenon"));
  const rows: object[] = [];
  const skipped: string[] = [];
  for (const models of (values.models ?? "").split(",").map(Number))
    for (const peer of PEERS) {
      if (wanted !== undefined && !wanted.some((each) => peer.name.startsWith(each))) continue;
      if (peer.missing !== null) {
        skipped.push(`${peer.name}: ${peer.missing}`);
        continue;
      }
      process.stderr.write(`${peer.name}, ${models} models …\n`);
      try {
        rows.push(await measure(peer, models, root));
      } catch (error) {
        skipped.push(`${peer.name}, ${models} models: ${(error as Error).message.slice(0, 600)}`);
      }
    }
  process.stderr.write("watch …\n");
  const watch = await watched(root, 100);
  console.log(JSON.stringify({ typescript: values.ts, rows, watchMs: median(watch), skipped }));
} finally {
  removeFolder(root);
}
