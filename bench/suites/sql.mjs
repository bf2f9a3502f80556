/**
 * The blog workloads on SQL databases, one after the other in one run: Tenon beside the raw driver and other libraries over
 * the same driver, same tables, indexes and constraints. The PostgreSQL server is started here and stopped at the end. A
 * library that cannot be installed is named loudly and left out.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { WORKLOADS } from "../blog/workloads.mjs";
import { preparePeer, prepareServer } from "../lib/prepare.mjs";
import { ratio } from "../lib/stats.mjs";
import { run as blog } from "./blog.mjs";

const LIBRARIES = join(import.meta.dirname, "../peers");

/** A round of a peer: some libraries are a hundred times slower than the driver, and all of them take part at full scale. */
const MOST_MS = 600;

/** `slower`: how many times the raw driver's time a point read may take. */
const ENGINES = {
  sqlite: {
    base: "sqlite-raw",
    ours: "tenon-sqlite",
    peers: ["drizzle", "kysely", "typeorm/sqlite", "mikro-orm/sqlite", "prisma/sqlite"],
    slower: 1.6,
  },
  postgres: {
    base: "pg",
    ours: "tenon-postgres",
    peers: ["drizzle-postgres", "kysely-postgres", "typeorm/postgres", "mikro-orm/postgres", "prisma/postgres"],
    slower: 1.25,
  },
};

/** What issue 4 asks for. CPU time stands beside the time: it says more where other programs keep the machine busy. */
function judge({ base, ours, peers, slower }) {
  return (workloads) => {
    const verdicts = [];
    const reading = (id, peer) => {
      const found = workloads[id]?.peers[peer];
      return found?.median === undefined ? null : found;
    };
    const verdict = (id, actual, met, wanted) =>
      verdicts.push({ id, title: workloads[id].title, peer: ours, target: null, actual, met, wanted });
    const times = (id, most, what) => {
      const [us, raw] = [reading(id, ours), reading(id, base)];
      if (us === null || raw === null) return;
      const actual = raw.median / us.median;
      verdict(
        id,
        actual,
        actual <= most,
        `of the time of ${what}, ${ratio(us.cpuMicros / raw.cpuMicros)} of its CPU time; wanted at most ${most}x`,
      );
    };
    times("pointKey", slower, base);
    times("pointUnique", slower, base);
    const us = reading("populate", ours);
    const others = peers.filter((peer) => reading("populate", peer) !== null);
    if (us !== null && others.length > 0) {
      const fastest = others.reduce((a, b) => (reading("populate", a).median >= reading("populate", b).median ? a : b));
      const best = reading("populate", fastest);
      const actual = us.median / best.median;
      verdict(
        "populate",
        actual,
        actual >= 1,
        `the rate of ${fastest}, ${ratio(us.cpuMicros / best.cpuMicros)} of its CPU time; wanted at least 1x`,
      );
    }
    times("bulk", 1.3, "a hand-written multi-row statement");
    return verdicts;
  };
}

function installed(peers, log) {
  const missing = {};
  for (const library of new Set(peers.map((peer) => peer.split("/")[0]))) {
    if (!existsSync(join(LIBRARIES, library, "package.json"))) continue;
    const error = preparePeer(library);
    if (error === null) continue;
    missing[library] = error;
    log(`NOT INSTALLED, LEFT OUT: ${library} (${error})`);
  }
  return { able: peers.filter((peer) => !Object.hasOwn(missing, peer.split("/")[0])), missing };
}

/** `os` means here what it means for files: a commit is acknowledged when the operating system has it. */
async function startServer(log) {
  prepareServer();
  log("starting PostgreSQL …");
  const { register } = await import("tsx/esm/api");
  register();
  const { makeHome, removeHome } = await import("../../test/support/postgres-home.ts");
  const { PostgresServer } = await import("../../test/support/postgres-server.ts");
  const home = makeHome();
  const server = await PostgresServer.make(join(home, "server"), {
    flags: ["synchronous_commit=on", "shared_buffers=256MB"],
  });
  await server.start();
  process.env.TENON_BENCH_POSTGRES = server.url;
  // The server runs by itself: whoever ends this process ends it too.
  const end = () => {
    try {
      process.kill(server.pid, "SIGQUIT");
    } catch {
      // It has ended already.
    }
    removeHome(home);
  };
  process.once("exit", end);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
  return {
    stop: async () => {
      // The server's process keeps nobody waiting; this does.
      const waiting = setInterval(() => {}, 1000);
      await server.dispose();
      clearInterval(waiting);
      process.removeListener("exit", end);
      removeHome(home);
    },
  };
}

export async function run(options) {
  const parts = {};
  const texts = [];
  let failed = false;
  for (const name of options.engines) {
    const engine = ENGINES[name];
    if (engine === undefined) throw new RangeError(`no engine "${name}"; there is: ${Object.keys(ENGINES).join(", ")}`);
    const { able, missing } = installed(options.peers ?? [engine.base, ...engine.peers, engine.ours], options.log);
    const server = name === "postgres" ? await startServer(options.log) : null;
    try {
      const part = await blog({
        ...options,
        suite: name,
        only: options.only ?? WORKLOADS.filter(({ level }) => level !== "fsync").map(({ id }) => id),
        folder: join(options.folder, name),
        peers: able,
        base: engine.base,
        judge: judge(engine),
        most: MOST_MS,
      });
      parts[name] = { ...part.result, missing };
      const left = Object.entries(missing).map(([library, error]) => `NOT INSTALLED, LEFT OUT: ${library} (${error})`);
      texts.push([`== ${name}`, "", part.text, ...left].join("\n"));
      failed ||= part.failed;
    } finally {
      await server?.stop();
    }
  }
  return { result: { suite: "sql", engines: parts }, text: texts.join("\n\n"), failed };
}
