/**
 * `npm run bench -- editor`: what types, the editor and generation cost, for Tenon and its peers in one run. Prints one JSON
 * object: rows by peer, size and compiler; generation by peer and size; hovers; what was left out, and why.
 */
import { existsSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { COMPILERS, emitPackage, makeFolder, ROOT, removeFolder } from "../../test/editor/project.js";
import { SERVERS } from "../../test/editor/servers.js";
import { costOf } from "./cost.js";
import { generateOnce, generationOf, type Written, watchOf } from "./generation.js";
import { install, versionOf } from "./install.js";
import { latencies } from "./latency.js";
import { limitTo, reasonOf, say } from "./limit.js";
import { FLOOR, PEERS, type Peer } from "./peers.js";
import type { Project } from "./projects.js";

const PARTS = ["types", "latency", "generate", "watch"] as const;
type Part = (typeof PARTS)[number];

const { values } = parseArgs({
  options: {
    models: { type: "string", default: "10,100,500" },
    ts: { type: "string", default: "5.9,6.0" },
    rounds: { type: "string", default: "7" },
    only: { type: "string", default: PARTS.join(",") },
    minutes: { type: "string", default: "24" },
    peers: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const sizes = values.models.split(",").map(Number);
const compilers = COMPILERS.filter(({ version }) => values.ts.split(",").includes(version));
const asked = values.only.split(",");
const unknown = asked.filter((each) => !PARTS.some((part) => part === each));
if (unknown.length > 0) throw new TypeError(`--only ${unknown}: there is ${PARTS.join(", ")}`);
const does = (part: Part): boolean => asked.includes(part);
limitTo(Number(values.minutes));

interface Row {
  readonly peer: string;
  readonly models: number;
  readonly typescript: string;
  figures: Record<string, number>;
}
const started = Date.now();
const load = loadavg()[0];
const rows: Row[] = [];
const generated: { project: string; models: number; figures: Record<string, number> }[] = [];
const hovers: Record<string, string> = {};
const watched: Record<string, number> = {};
const skipped: string[] = [];
/** Does some work, or notes that it could not be done. */
async function attempt(what: string, work: () => Promise<void> | void): Promise<void> {
  try {
    await work();
  } catch (error) {
    skipped.push(`${what}: ${reasonOf(error)}`);
    say(`  ${what}: ${reasonOf(error)}`);
  }
}

/** The peers that can be asked, under the names that they are shown by. */
const names = new Map<Peer, string>();
const wanted = values.peers?.split(",");
for (const peer of wanted === undefined ? PEERS : [...PEERS, FLOOR]) {
  if (wanted !== undefined && !wanted.some((each) => peer.name.startsWith(each))) continue;
  await attempt(peer.name, () => {
    const [first] = peer.packages ?? [];
    const missing = first === undefined ? null : install(peer.project.name);
    if (missing !== null) throw new TypeError(missing);
    names.set(peer, first === undefined ? peer.name : `${peer.name} ${versionOf(peer.project.name, first)}`);
  });
}
const nameOf = (peer: Peer): string => names.get(peer) ?? peer.name;
const shownAs = (project: Project): string =>
  project.name === "tenon" ? "tenon" : nameOf([...names.keys()].find((peer) => peer.project === project) as Peer);

function rowOf(peer: Peer, models: number, typescript: string): Row {
  const same = (row: Row): boolean =>
    row.peer === nameOf(peer) && row.models === models && row.typescript === typescript;
  const row = rows.find(same) ?? { peer: nameOf(peer), models, typescript, figures: {} };
  if (!rows.includes(row)) rows.push(row);
  return row;
}

async function ofSize(models: number, root: string): Promise<void> {
  const written = new Map<Project, Written>();
  for (const project of new Set([...names.keys()].map((peer) => peer.project)))
    await attempt(`${project.name}, ${models} models`, async () => {
      const folder = join(root, `${project.name}-${models}`);
      await project.write(folder, models, join(root, "tenon"));
      const out = project.generator?.out;
      const once = does("generate") ? Math.max(1, Math.min(rounds, models > 100 ? 1 : 3)) : 0;
      // A first run that does not count makes the code that the other parts need.
      if (out !== undefined && once === 0 && !existsSync(join(folder, out))) generateOnce({ project, folder });
      if (once > 0 && project.generator !== null)
        generated.push({
          project: shownAs(project),
          models,
          figures: generationOf({ project, folder }, models, once),
        });
      written.set(project, { project, folder });
    });
  const asks = [...names.keys()].flatMap((peer) => {
    const folder = written.get(peer.project)?.folder;
    return folder === undefined ? [] : [{ peer, folder }];
  });
  for (const { version, folder: compiler } of compilers) {
    say(`${models} models, TypeScript ${version} …`);
    const put = (peer: Peer, figures: Readonly<Record<string, number>>): void => {
      Object.assign(rowOf(peer, models, version).figures, figures);
    };
    if (does("types"))
      for (const { peer, folder } of asks)
        await attempt(`${nameOf(peer)}, ${models} models, TypeScript ${version}, types`, () =>
          put(peer, costOf(peer, join(ROOT, "node_modules", compiler), folder, Math.min(rounds, models > 100 ? 1 : 2))),
        );
    const server = SERVERS.find((each) => each.version === version);
    if (does("latency") && server !== undefined)
      for (const { peer, figures, hover, failed } of await latencies(
        server,
        asks,
        models > 100 ? Math.min(rounds, 3) : rounds,
      )) {
        put(peer, figures);
        if (failed === null) hovers[nameOf(peer)] ??= hover;
        else skipped.push(`${nameOf(peer)}, ${models} models, TypeScript ${version}, latency: ${failed}`);
      }
  }
  if (does("watch") && models === watchSize)
    for (const each of written.values())
      await attempt(`${shownAs(each.project)}, watch`, async () => {
        const ms = await watchOf(each, rounds);
        if (ms !== null) watched[shownAs(each.project)] = ms;
      });
}

/** One model is touched among 100, or as many as there are. */
const watchSize = sizes.includes(100) ? 100 : Math.max(...sizes);
const root = makeFolder();
try {
  emitPackage(join(root, "tenon"));
  for (const models of sizes) await ofSize(models, root);
} finally {
  removeFolder(root);
}
const seconds = Math.round((Date.now() - started) / 1000);
const conditions = { load, seconds, rounds, node: process.versions.node, sizes, watchModels: watchSize };
console.log(JSON.stringify({ ...conditions, rows, generated, watched, hovers, skipped }));
