/** The compilers that users have: each turns the TypeScript of a folder into modules that Node runs, or runs it itself. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const EXTRA = fileURLToPath(new URL("node_modules", import.meta.url));
const SOURCES = ["models.ts", "main.ts"];

export type Decorators = "legacy" | "standard" | "none";

export interface Toolchain {
  readonly name: string;
  readonly decorators: readonly Decorators[];
  /** What is missing here; null when it can run. */
  readonly missing: string | null;
  /** Runs the program in `folder`; answers with what it prints. */
  readonly run: (folder: string, decorators: Decorators) => string;
}

function node(folder: string, args: readonly string[], program = process.execPath): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new TypeError(`node ${args.join(" ")}\n${stdout}\n${stderr}`);
  return stdout;
}

/** A package of ours, or of this folder's own package.json. */
function home(name: string, own = true): string {
  return join(own ? join(ROOT, "node_modules") : EXTRA, name);
}

function absent(name: string, own = true): string | null {
  return existsSync(home(name, own)) ? null : `${name} is not installed (npm install --prefix test/toolchains)`;
}

function tsc(version: string, folder: string): Toolchain {
  return {
    name: `tsc ${version}`,
    decorators: ["none", "legacy", "standard"],
    missing: absent(folder),
    run(cwd, decorators) {
      const compilerOptions = {
        target: "ES2022",
        lib: ["ES2022", "ESNext.Disposable", "ESNext.Decorators", "DOM"],
        module: "NodeNext",
        moduleResolution: "NodeNext",
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: true,
        types: [],
        rootDir: ".",
        outDir: "out",
        ...(decorators === "legacy" ? { experimentalDecorators: true } : {}),
      };
      writeFileSync(join(cwd, "tsconfig.json"), JSON.stringify({ compilerOptions, files: SOURCES }));
      node(cwd, [join(home(folder), "bin/tsc"), "-p", "tsconfig.json"]);
      return node(cwd, ["out/main.js"]);
    },
  };
}

/** For those that read it: whether decorators are legacy ones. */
function writeTsconfig(folder: string, decorators: Decorators): void {
  const compilerOptions = { target: "ES2022", experimentalDecorators: decorators === "legacy" };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
}

function vite(name: string, own: boolean): Toolchain {
  return {
    name,
    decorators: ["none", "legacy"],
    missing: absent("vite", own),
    run(folder, decorators) {
      writeTsconfig(folder, decorators);
      const external = JSON.stringify(["#tenon", "tenon", "tenon/embedded", "zod"]);
      const config = `export default { logLevel: "error", build: { ssr: "main.ts", outDir: "out", target: "node20", rollupOptions: { external: ${external} } } };`;
      writeFileSync(join(folder, "vite.config.mjs"), config);
      node(folder, [join(home("vite", own), "bin/vite.js"), "build"]);
      return node(folder, ["out/main.js"]);
    },
  };
}

export const TOOLCHAINS: readonly Toolchain[] = [
  tsc("5.9", "typescript-5.9"),
  tsc("6.0", "typescript"),
  tsc("7.0", "typescript-7"),
  {
    name: "tsx",
    decorators: ["none", "legacy", "standard"],
    missing: absent("tsx"),
    run(folder, decorators) {
      writeTsconfig(folder, decorators);
      return node(folder, ["--import", pathToFileURL(join(home("tsx"), "dist/esm/index.mjs")).href, "main.ts"]);
    },
  },
  {
    name: "esbuild",
    decorators: ["none", "legacy", "standard"],
    missing: absent("esbuild"),
    run(folder, decorators) {
      writeTsconfig(folder, decorators);
      const esbuild = createRequire(join(ROOT, "x.js"))("esbuild") as { buildSync(options: object): void };
      const files = { absWorkingDir: folder, entryPoints: SOURCES, outdir: "out" };
      esbuild.buildSync({ ...files, format: "esm", target: "node20", logLevel: "silent" });
      return node(folder, ["out/main.js"]);
    },
  },
  vite("vite 7 (esbuild)", true),
  vite("vite 8 (rolldown, oxc)", false),
  {
    name: "vitest",
    decorators: ["none", "legacy"],
    missing: absent("vitest"),
    run(folder, decorators) {
      writeTsconfig(folder, decorators);
      const test = `import { test } from "vitest";\ntest("runs", async () => { await import("./main.js"); });\n`;
      writeFileSync(join(folder, "main.test.ts"), test);
      // The program may not be found outside of the folder's own configuration.
      writeFileSync(join(folder, "vitest.config.mjs"), 'export default { test: { include: ["main.test.ts"] } };\n');
      const shown = node(folder, [
        join(home("vitest"), "vitest.mjs"),
        "run",
        "--no-color",
        "--disable-console-intercept",
      ]);
      return shown.slice(shown.indexOf("{"), shown.lastIndexOf("}") + 1);
    },
  },
  {
    name: "swc",
    decorators: ["none", "legacy", "standard"],
    missing: absent("@swc/core", false),
    run(folder, decorators) {
      const swc = createRequire(join(EXTRA, "x.js"))("@swc/core") as {
        transformSync(source: string, options: object): { code: string };
      };
      mkdirSync(join(folder, "out"), { recursive: true });
      for (const file of SOURCES) {
        const { code } = swc.transformSync(readFileSync(join(folder, file), "utf8"), {
          filename: file,
          module: { type: "es6" },
          jsc: {
            target: "es2022",
            parser: { syntax: "typescript", decorators: decorators !== "none" },
            transform: {
              legacyDecorator: decorators === "legacy",
              ...(decorators === "standard" ? { decoratorVersion: "2022-03" } : {}),
            },
          },
        });
        writeFileSync(join(folder, "out", file.replace(/\.ts$/, ".js")), code);
      }
      return node(folder, ["out/main.js"]);
    },
  },
  stripping("22"),
  stripping("24"),
];

/** Newer versions of Node are packages of test/nodes; this one may do it, too. */
function stripping(version: string): Toolchain {
  const packageName = `node${version}-${process.platform}-${process.arch}`;
  const found = join(ROOT, "test/nodes/node_modules", packageName, "bin/node");
  const own = process.versions.node.startsWith(`${version}.`);
  const program = own ? process.execPath : found;
  return {
    name: `type stripping of Node ${version}`,
    decorators: ["none"],
    missing: existsSync(program) ? null : `${packageName} is not installed (npm install --prefix test/nodes)`,
    run(folder) {
      // Node runs what is written: imports name the real file, and no syntax newer than itself.
      const text = readFileSync(join(folder, "main.ts"), "utf8");
      writeFileSync(
        join(folder, "main.ts"),
        text.replace("./models.js", "./models.ts").replace("await using", "const"),
      );
      return node(folder, ["--experimental-strip-types", "--no-warnings", "main.ts"], program);
    },
  };
}
