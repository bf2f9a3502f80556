/** Files that were about to replace others when the process ended (see storage/files/posix-files.ts). Those of a lock are whoever's asks for it. */
import { join } from "node:path";
import type { Files } from "../storage/files/files.js";

const TEMPORARY = /\.(json|json\.gz|aof|intent)\.[0-9a-f]{16}\.tmp$/;

/** For the holder of the lock. */
export async function removeTemporary(files: Files, dir: string): Promise<void> {
  for (const name of await files.list(dir)) if (TEMPORARY.test(name)) await files.remove(join(dir, name));
}
