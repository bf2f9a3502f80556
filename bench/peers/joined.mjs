/** What peers without relations of their own do by hand: lists of children put under their parents. */

export function attach(parents, name, children, field) {
  const byId = new Map();
  for (const parent of parents) {
    parent[name] = [];
    byId.set(parent.id, parent[name]);
  }
  for (const child of children) byId.get(child[field]).push(child);
  return parents;
}

/** Each table's rows in parts of a thousand, parents first. */
export async function thousands(data, add) {
  for (const table of ["users", "posts", "comments"])
    for (let i = 0; i < data[table].length; i += 1000) await add(table, data[table].slice(i, i + 1000));
}
