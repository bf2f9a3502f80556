/** The leaves of a tree as they are, without copying their entries. */
import type { Tree } from "../storage/btree.js";
import type { Branch, Leaf, Node } from "../storage/btree-node.js";

/** In order, until `visit` says false. A leaf stays the same object for as long as its entries stay the same. */
export function eachLeaf<V>(
  tree: Tree<V>,
  visit: (values: readonly V[], keys: readonly string[], leaf: object) => boolean,
): void {
  below(tree.root, tree.height, visit);
}

function below<V>(
  node: Node<V>,
  height: number,
  visit: (values: readonly V[], keys: readonly string[], leaf: object) => boolean,
): boolean {
  if (height === 0) {
    const leaf = node as Leaf<V>;
    return leaf.keys.length === 0 || visit(leaf.values, leaf.keys, leaf);
  }
  for (const child of (node as Branch<V>).children) if (!below(child, height - 1, visit)) return false;
  return true;
}
