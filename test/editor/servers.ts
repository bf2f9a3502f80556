/** The editor services of the compilers that are installed here. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Editor } from "./editor.js";
import { openLsp } from "./lsp.js";
import { COMPILERS, ROOT } from "./project.js";
import { openTsserver } from "./tsserver.js";

export interface Server {
  readonly version: string;
  /** Null where the compiler brings no editor service that we can drive; `why` says so. */
  readonly open: ((folder: string) => Promise<Editor>) | null;
  readonly why: string;
}

export const SERVERS: readonly Server[] = COMPILERS.map(({ version, folder }) => {
  const home = join(ROOT, "node_modules", folder);
  const tsserver = join(home, "lib/tsserver.js");
  if (existsSync(tsserver)) return { version, why: "", open: async (at) => openTsserver(tsserver, at) };
  const compiler = join(home, "bin/tsc");
  if (existsSync(compiler) && version === "7.0") return { version, why: "", open: (at) => openLsp(compiler, at) };
  return { version, open: null, why: `${folder} is not installed, or has no editor service` };
});
