/** Writes a database of `FACTOR` x 100,000 documents to a file: `fill.mjs PATH FACTOR`, prints JSON. */
import { statSync } from "node:fs";
import { embedded, file } from "../../dist/src/embedded.js";
import { createClient } from "../../dist/src/index.js";
import { dataset } from "../blog/data.mjs";
import * as models from "../blog/models.mjs";

const [path, factor] = process.argv.slice(2);
const sizes = Object.fromEntries(
  Object.entries({ users: 10_000, posts: 40_000, comments: 50_000 }).map(([name, n]) => [name, Math.round(n * factor)]),
);
const db = await createClient({ models, engine: embedded({ storage: file(path, { durability: "relaxed" }) }) });
const data = dataset(sizes);
for (const name of ["users", "posts", "comments"]) {
  for (let i = 0; i < data[name].length; i += 5000) await db[name].createMany({ data: data[name].slice(i, i + 5000) });
}
await db.close();
process.stdout.write(JSON.stringify({ docs: sizes.users + sizes.posts + sizes.comments, bytes: statSync(path).size }));
