/** Packed trees of many entries at once, built in turns that leave the event loop responsive. */
import { FAN_OUT, Tree } from "./btree.js";
import { Branch, Leaf, type Node } from "./btree-node.js";
import type { Pace } from "./pace.js";

/** Leaves between two looks at the clock. */
const STEP = 16;

/** A tree of strictly ascending keys; its nodes get the stamp. The arrays are copied. */
export async function packedTree<V>(
  keys: readonly string[],
  values: readonly V[],
  stamp: number,
  pace: Pace,
): Promise<Tree<V>> {
  let nodes: Node<V>[] = [];
  let firsts: string[] = [];
  for (let i = 0; i < keys.length; i += FAN_OUT) {
    firsts.push(keys[i]!);
    nodes.push(new Leaf<V>(stamp, keys.slice(i, i + FAN_OUT), values.slice(i, i + FAN_OUT)));
    if (nodes.length % STEP === 0 && pace.due()) await pace.turn();
  }
  if (nodes.length === 0) nodes.push(new Leaf<V>(stamp, [], []));
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
  return new Tree<V>(nodes[0]!, height, keys.length);
}
