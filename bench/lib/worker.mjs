/**
 * One peer in a process of its own, so that no peer pays for another's heap. Commands come one at a time from the parent:
 * setup, verify, run, reopen, stop. A wrong answer is an error, never a number.
 */
import { setTimeout } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { dataset } from "../blog/data.mjs";
import { oracle, WORKLOADS } from "../blog/workloads.mjs";
import { profiled } from "./profiler.mjs";

const state = { name: "", peer: null, module: null, dir: "", sizes: null, oracle: null, inserted: 0 };

const workload = (id) => WORKLOADS.find((each) => each.id === id);
const now = () => Number(process.hrtime.bigint());
/** A full collection. It leaves sweeping to threads of its own, about 40 ms of CPU time that would count as the workload's. */
const collect = async () => {
  globalThis.gc?.();
  await setTimeout(SWEEP_MS);
};
const SWEEP_MS = 150;

/** What peers add to rows for themselves. */
function strip(value) {
  if (Array.isArray(value)) return value.map(strip);
  if (typeof value !== "object" || value === null) return value;
  const { $loki: _key, meta: _meta, ...rest } = value;
  for (const [name, inner] of Object.entries(rest)) if (Array.isArray(inner)) rest[name] = strip(inner);
  return rest;
}

async function time(work) {
  await collect();
  const cpu = process.cpuUsage();
  const start = now();
  const result = await work();
  const ns = now() - start;
  const used = process.cpuUsage(cpu);
  return { ns, cpuNs: (used.user + used.system) * 1000, result };
}

/**
 * The measured loop: peers that answer synchronously are not made to await. Gives how many operations were done: no more
 * are begun after `until`.
 */
async function loop(op, argsList, isAsync, until) {
  if (until !== null) {
    let done = 0;
    for (const args of argsList) {
      const answer = op(...args);
      if (isAsync) await answer;
      done++;
      if (done >= FEWEST && performance.now() > until) break;
    }
    return done;
  }
  if (isAsync) for (const args of argsList) await op(...args);
  else for (const args of argsList) op(...args);
  return argsList.length;
}
/** Operations of a round, however slow they are. */
const FEWEST = 2;

async function same(actual, expected, what) {
  if (!isDeepStrictEqual(strip(actual), expected)) throw new Error(`${what}: wrong answer`);
}

const commands = {
  async setup({ peer, dir, sizes }) {
    state.module = await import(`../peers/${peer}.mjs`);
    state.name = peer;
    state.dir = dir;
    state.sizes = sizes;
    const data = dataset(sizes);
    state.oracle = oracle(data);
    state.peer = await state.module.open(dir);
    const { ns } = await time(() => state.peer.load(data));
    await same(await state.peer.counts(), sizes, "counts after loading");
    const { levels, also = [], memoryOnly = false } = state.module;
    return { levels, also, memoryOnly, loadNs: ns, docs: sizes.users + sizes.posts + sizes.comments };
  },

  async verify({ id }) {
    const { args, expect } = workload(id);
    if (expect === undefined) return null;
    for (let i = 0; i < 25; i++) {
      const asked = args(1_000_000 + i, state);
      await same(await state.peer[id](...asked), expect(asked, state.oracle), `${id}(${asked.join(", ")})`);
    }
    return null;
  },

  /**
   * `most`: milliseconds after which the round ends early; null: all of its operations. `wake`: so many reads before it that are
   * not counted, because the process has idled while others had their turn.
   */
  async run({ id, round, ops, most, wake, profile }) {
    const { args, writes, level, docs = 1 } = workload(id);
    const { peer, sizes } = state;
    peer.level(level);
    const base = writes === "posts" ? state.inserted : round * ops;
    const argsList = Array.from({ length: ops }, (_, i) => args(base + i, state));
    if (writes === undefined)
      await loop((...each) => peer[id](...each), argsList.slice(0, wake), peer.async === true, null);
    const {
      ns,
      cpuNs,
      result: done,
    } = await time(() =>
      profiled(profile, `${state.name.replaceAll("/", "-")}-${id}`, () =>
        loop(
          (...each) => peer[id](...each),
          argsList,
          peer.async === true,
          most === null ? null : performance.now() + most,
        ),
      ),
    );
    if (writes === "posts") {
      state.inserted += done;
      const [last] = argsList[done - 1];
      await same(await peer.pointKey(last.id), last, `${id}: the row just inserted`);
      await same((await peer.counts()).posts, sizes.posts + done, `${id}: count`);
      await peer.trim(sizes);
    } else if (writes === "all") {
      const [rows] = argsList.at(-1);
      await same(await peer.pointKey(rows.posts.at(-1).id), rows.posts.at(-1), `${id}: the last row`);
      await same((await peer.counts()).comments, sizes.comments + rows.comments.length, `${id}: count`);
      await peer.trim(sizes);
    } else if (writes === "views") {
      const [postId, views] = argsList[done - 1];
      const before = state.oracle.data.posts[postId - 1];
      await same(await peer.pointKey(postId), { ...before, views }, `${id}: the row just updated`);
    }
    return { ns: ns / (done * docs), cpuNs: cpuNs / (done * docs), done };
  },

  async reopen() {
    if (state.module.memoryOnly) return null;
    await state.peer.close();
    const start = now();
    state.peer = await state.module.open(state.dir);
    const first = await state.peer.pointUnique("user7@example.org");
    const ns = now() - start;
    await same(first, state.oracle.data.users[6], "first read after reopening");
    await same(await state.peer.counts(), state.sizes, "counts after reopening");
    return { ns };
  },

  async memory() {
    await collect();
    const { rss, heapUsed } = process.memoryUsage();
    return { rss, heapUsed, peakRss: process.resourceUsage().maxRSS * 1024 };
  },

  async stop() {
    await state.peer?.close();
    process.disconnect();
    return null;
  },
};

process.on("message", async ({ command, ...args }) => {
  try {
    const result = await commands[command](args);
    if (process.connected) process.send({ result });
  } catch (error) {
    if (process.connected) process.send({ error: error instanceof Error ? error.stack : String(error) });
  }
});
