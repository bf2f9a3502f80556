/** Packed trees of many entries at once, built in turns that leave the event loop responsive. */
import { FAN_OUT, Tree } from "./btree.js";
import { Branch, type KeysOf, Leaf, type Node } from "./btree-node.js";
import type { Pace } from "./pace.js";

/** Leaves between two looks at the clock. */
const STEP = 16;

/** A tree of strictly ascending keys; its nodes get the stamp. The arrays are copied. */
export function packedTree<V>(
  keys: readonly string[],
  values: readonly V[],
  stamp: number,
  pace: Pace,
): Promise<Tree<V>> {
  const keysIn = (from: number, to: number) => keys.slice(from, to);
  return packed(values, (from) => keys[from]!, keysIn, stamp, pace);
}

/** The same of values from which their keys follow, and in the order of these: most keys are made when they are asked for. */
export function packedValues<V>(keysOf: KeysOf<V>, values: readonly V[], stamp: number, pace: Pace): Promise<Tree<V>> {
  const keyAt = (from: number) => keysOf(values.slice(from, from + 1))[0]!;
  return packed(values, keyAt, () => keysOf, stamp, pace);
}

async function packed<V>(
  values: readonly V[],
  keyAt: (at: number) => string,
  keysIn: (from: number, to: number) => string[] | KeysOf<V>,
  stamp: number,
  pace: Pace,
): Promise<Tree<V>> {
  const leaves: Leaf<V>[] = [];
  const firsts: string[] = [];
  for (let i = 0; i < values.length; i += FAN_OUT) {
    firsts.push(keyAt(i));
    leaves.push(new Leaf<V>(stamp, keysIn(i, i + FAN_OUT), values.slice(i, i + FAN_OUT)));
    if (leaves.length % STEP === 0 && pace.due()) await pace.turn();
  }
  return over(leaves, firsts, values.length, stamp);
}

/** The levels above the leaves. */
function over<V>(leaves: readonly Leaf<V>[], leafFirsts: readonly string[], size: number, stamp: number): Tree<V> {
  let nodes: readonly Node<V>[] = leaves.length > 0 ? leaves : [new Leaf<V>(stamp, [], [])];
  let firsts = leafFirsts;
  let height = 0;
  for (; nodes.length > 1; height++) {
    const parents: Node<V>[] = [];
    const parentFirsts: string[] = [];
    for (let i = 0; i < nodes.length; i += FAN_OUT) {
      parentFirsts.push(firsts[i]!);
      parents.push(new Branch<V>(stamp, firsts.slice(i, i + FAN_OUT), nodes.slice(i, i + FAN_OUT)));
    }
    nodes = parents;
    firsts = parentFirsts;
  }
  return new Tree<V>(nodes[0]!, height, size);
}
