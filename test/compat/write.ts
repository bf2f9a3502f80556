/** `node --import tsx test/compat/write.ts <version>`: the databases of a new format version; existing ones are left alone. */
import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { creationOps } from "../support/schema.js";
import { engineOver, fill, LAYOUTS, SCHEMA } from "./layouts.js";

const version = process.argv[2] ?? "1";
for (const [name, open] of Object.entries(LAYOUTS)) {
  const target = join(import.meta.dirname, version, name);
  if (existsSync(target)) continue;
  const dir = await mkdtemp(join(tmpdir(), "tenon-compat-"));
  const store = open(dir);
  const engine = engineOver(store);
  await engine.open(SCHEMA);
  await engine.admin.apply(creationOps(SCHEMA), SCHEMA);
  await fill(engine, store);
  // As a killed process leaves it.
  await cp(dir, target, { recursive: true, filter: (path) => !path.endsWith(".lock") });
  await engine.close();
  await rm(dir, { recursive: true });
}
