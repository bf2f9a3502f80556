/**
 * A small checker in the manner of Elle: list-append histories are judged by the order that the lists themselves show.
 * Every append adds a value that is nowhere else, so a read of a list tells all writes before it, in order.
 *
 *   ww  the one appended right before the other     wr  the one appended what the other read last
 *   rw  the one read the list without what the other appended next     rt  the one ended before the other began
 *
 * A cycle of ww is G0, of ww and wr G1c, with one rw G-single (lost update, read skew), with more G2-item (write skew, long
 * fork). With rt the same cycles break strictness only. G1a and G1b (a read of what was rolled back, or of a part of a
 * transaction) and impossible orders are seen directly.
 */
export type Op =
  | { readonly kind: "append"; readonly key: number; readonly value: number }
  | { readonly kind: "read"; readonly key: number; readonly values: readonly number[] };

export interface Done {
  readonly id: number;
  readonly ops: readonly Op[];
  readonly outcome: "committed" | "aborted" | "unknown";
  /** Times on one clock. */
  readonly began: number;
  readonly ended: number;
}

export interface Anomaly {
  readonly name:
    | "G0"
    | "G1a"
    | "G1b"
    | "G1c"
    | "G-single"
    | "G2-item"
    | "strict"
    | "internal"
    | "incompatible order"
    | "lost write";
  readonly what: string;
}

type EdgeKind = "ww" | "wr" | "rw" | "rt";
type Edges = ReadonlyMap<number, ReadonlyMap<number, ReadonlySet<EdgeKind>>>;

export function check(history: readonly Done[]): readonly Anomaly[] {
  const anomalies: Anomaly[] = [];
  const found = (name: Anomaly["name"], what: string): void => void anomalies.push({ name, what });
  const writer = new Map<string, Done>();
  for (const done of history) {
    for (const op of done.ops) if (op.kind === "append") writer.set(`${op.key}:${op.value}`, done);
    internal(done, found);
  }
  const orders = longestReads(history, found);
  const edges = new Map<number, Map<number, Set<EdgeKind>>>();
  const edge = (from: Done | undefined, to: Done | undefined, kind: EdgeKind): void => {
    if (from === undefined || to === undefined || from === to) return;
    if (from.outcome === "aborted" || to.outcome === "aborted") return;
    const targets = edges.get(from.id) ?? new Map<number, Set<EdgeKind>>();
    edges.set(from.id, targets);
    targets.set(to.id, (targets.get(to.id) ?? new Set<EdgeKind>()).add(kind));
  };
  for (const [key, order] of orders) {
    for (let i = 1; i < order.length; i++)
      edge(writer.get(`${key}:${order[i - 1]}`), writer.get(`${key}:${order[i]}`), "ww");
  }
  for (const done of history) {
    if (done.outcome !== "committed") continue;
    for (const [key, values] of externalReads(done)) {
      for (const value of values) {
        const by = writer.get(`${key}:${value}`);
        if (by === undefined) found("incompatible order", `${done.id} read ${value} of ${key}, which nobody wrote`);
        else if (by.outcome === "aborted") found("G1a", `${done.id} read ${value} of ${key}, rolled back by ${by.id}`);
      }
      const last = values.at(-1);
      if (last !== undefined) {
        const by = writer.get(`${key}:${last}`);
        const own = by?.ops
          .filter((op) => op.kind === "append" && op.key === key)
          .map((op) => (op as { value: number }).value);
        if (by !== done && own !== undefined && own.at(-1) !== last)
          found("G1b", `${done.id} read ${last} of ${key}, in the middle of ${by!.id}`);
        edge(by, done, "wr");
      }
      const next = orders.get(key)?.[values.length];
      if (next !== undefined) edge(done, writer.get(`${key}:${next}`), "rw");
    }
    for (const op of done.ops) {
      if (op.kind !== "append") continue;
      const order = orders.get(op.key);
      if (order !== undefined && order.length > 0 && !order.includes(op.value) && readLater(history, done, op.key)) {
        found("lost write", `${done.id} appended ${op.value} to ${op.key}, and later reads do not have it`);
      }
    }
  }
  cycles(edges, history, found);
  return anomalies;
}

/** What a transaction read of each key before it wrote to it itself. */
function externalReads(done: Done): Map<number, readonly number[]> {
  const reads = new Map<number, readonly number[]>();
  const touched = new Set<number>();
  for (const op of done.ops) {
    if (op.kind === "read" && !touched.has(op.key)) reads.set(op.key, op.values);
    touched.add(op.key);
  }
  return reads;
}

/** A transaction must see its own writes, and twice the same. */
function internal(done: Done, found: (name: "internal", what: string) => void): void {
  const known = new Map<number, readonly number[]>();
  const appended = new Map<number, number[]>();
  for (const op of done.ops) {
    if (op.kind === "append") {
      const values = known.get(op.key);
      if (values !== undefined) known.set(op.key, [...values, op.value]);
      else appended.set(op.key, [...(appended.get(op.key) ?? []), op.value]);
      continue;
    }
    const values = known.get(op.key);
    const own = appended.get(op.key) ?? [];
    if (
      values !== undefined
        ? values.join() !== op.values.join()
        : op.values.slice(op.values.length - own.length).join() !== own.join()
    )
      found("internal", `${done.id} read ${op.values.join()} of ${op.key} after ${(values ?? own).join()}`);
    known.set(op.key, op.values);
  }
}

/** The order of each list: its longest read; every other one must be its beginning. */
function longestReads(history: readonly Done[], found: (name: "incompatible order", what: string) => void) {
  const orders = new Map<number, readonly number[]>();
  const reads = history
    .filter((done) => done.outcome === "committed")
    .flatMap((done) => done.ops.filter((op) => op.kind === "read"));
  for (const { key, values } of reads) if (values.length > (orders.get(key)?.length ?? -1)) orders.set(key, values);
  for (const { key, values } of reads) {
    const order = orders.get(key)!;
    if (values.some((value, i) => order[i] !== value))
      found("incompatible order", `${key}: ${values.join()} and ${order.join()}`);
  }
  return orders;
}

function readLater(history: readonly Done[], writer: Done, key: number): boolean {
  return history.some(
    (done) =>
      done.outcome === "committed" &&
      done.began > writer.ended &&
      done.ops.some((op) => op.kind === "read" && op.key === key),
  );
}

function cycles(edges: Edges, history: readonly Done[], found: (name: Anomaly["name"], what: string) => void): void {
  const kinds = (names: readonly EdgeKind[]) => (set: ReadonlySet<EdgeKind>) => names.some((name) => set.has(name));
  const levels: readonly (readonly [Anomaly["name"], readonly EdgeKind[]])[] = [
    ["G0", ["ww"]],
    ["G1c", ["ww", "wr"]],
  ];
  for (const [name, names] of levels) {
    const cycle = findCycle(edges, kinds(names));
    if (cycle !== null) {
      found(name, cycle.join(" -> "));
      return;
    }
  }
  for (const [from, targets] of edges) {
    for (const [to, set] of targets) {
      if (!set.has("rw")) continue;
      const path = findPath(edges, to, from, kinds(["ww", "wr"]));
      if (path !== null) {
        found("G-single", `${from} -rw-> ${path.join(" -> ")}`);
        return;
      }
    }
  }
  const cycle = findCycle(edges, kinds(["ww", "wr", "rw"]));
  if (cycle !== null) {
    found("G2-item", cycle.join(" -> "));
    return;
  }
  const strict = withRealTime(edges, history);
  const late = findCycle(strict, () => true);
  if (late !== null) found("strict", late.join(" -> "));
}

function withRealTime(edges: Edges, history: readonly Done[]): Edges {
  const all = new Map([...edges].map(([from, targets]) => [from, new Map(targets)]));
  for (const a of history) {
    for (const b of history) {
      if (a.outcome !== "committed" || b.outcome !== "committed" || a.ended >= b.began) continue;
      const targets = all.get(a.id) ?? new Map<number, ReadonlySet<EdgeKind>>();
      all.set(a.id, targets);
      if (!targets.has(b.id)) targets.set(b.id, new Set<EdgeKind>(["rt"]));
    }
  }
  return all;
}

function findCycle(edges: Edges, fits: (set: ReadonlySet<EdgeKind>) => boolean): readonly number[] | null {
  const state = new Map<number, "open" | "closed">();
  const path: number[] = [];
  const visit = (at: number): readonly number[] | null => {
    state.set(at, "open");
    path.push(at);
    for (const [to, set] of edges.get(at) ?? []) {
      if (!fits(set)) continue;
      if (state.get(to) === "open") return [...path.slice(path.indexOf(to)), to];
      const found = state.has(to) ? null : visit(to);
      if (found !== null) return found;
    }
    path.pop();
    state.set(at, "closed");
    return null;
  };
  for (const at of edges.keys()) {
    const found = state.has(at) ? null : visit(at);
    if (found !== null) return found;
  }
  return null;
}

function findPath(
  edges: Edges,
  from: number,
  to: number,
  fits: (set: ReadonlySet<EdgeKind>) => boolean,
): readonly number[] | null {
  const before = new Map<number, number | null>([[from, null]]);
  const queue = [from];
  for (const at of queue) {
    if (at === to) {
      const path: number[] = [];
      for (let step: number | null = at; step !== null; step = before.get(step)!) path.unshift(step);
      return path;
    }
    for (const [next, set] of edges.get(at) ?? []) {
      if (!fits(set) || before.has(next)) continue;
      before.set(next, at);
      queue.push(next);
    }
  }
  return null;
}
