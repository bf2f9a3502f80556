/** Starting child.ts as a process: bundled once, so that a start costs little, and its lines read as they come. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

export interface Bundle extends Disposable {
  readonly path: string;
}

export async function bundleChild(): Promise<Bundle> {
  const folder = mkdtempSync(join(tmpdir(), "tenon-child-"));
  await build({
    configFile: false,
    logLevel: "error",
    build: {
      ssr: fileURLToPath(new URL("./child.ts", import.meta.url)),
      outDir: folder,
      target: "node20",
      minify: false,
      rollupOptions: { output: { entryFileNames: "child.mjs" } },
    },
    ssr: { noExternal: true, external: ["bfj"] },
  });
  return {
    path: join(folder, "child.mjs"),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface Child {
  readonly process: ChildProcess;
  readonly lines: string[];
  /** Resolves once the process has gone. */
  readonly gone: Promise<void>;
  readonly errors: string[];
}

export function start(bundle: Bundle, args: readonly string[], before: readonly string[] = []): Child {
  const [command = "", ...rest] = [...before, process.execPath, bundle.path, ...args];
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  const errors: string[] = [];
  let partial = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    const parts = (partial + text).split("\n");
    partial = parts.pop()!;
    lines.push(...parts);
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => errors.push(text));
  const gone = new Promise<void>((resolve) => child.on("close", () => resolve()));
  return { process: child, lines, errors, gone };
}

/** The last commit that a child printed as acknowledged; what it found when it opened counts, too. */
export function acknowledgedBy(lines: readonly string[]): number {
  let last = 0;
  for (const line of lines) {
    const found = /^(?:OPEN (?:\d+ )?|LATE )?(\d+)$/.exec(line);
    if (found !== null) last = Math.max(last, Number(found[1]));
  }
  return last;
}
