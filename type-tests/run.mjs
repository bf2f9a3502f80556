/**
 * npm run test:types: the generated declarations under TypeScript 5.9, 6.0 and 7.0.
 *   results    exact result types of every public call, and what each refuses (*.test-d.ts); tsd agrees
 *   mistakes   every deliberate mistake is refused; its message is the one in messages.txt (UPDATE_MESSAGES=1 accepts)
 *   library    the generated files and tenon/types themselves, with skipLibCheck off; golden cases too
 *   budget     instantiations per query, args and builder form; of the schema alone at 50 models (deterministic counts)
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { forCompilers } from "./real.mjs";
import { runTsd } from "./tsd.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const COMPILERS = { 5.9: "typescript-5.9", "6.0": "typescript", "7.0": "typescript-7" };
const BUDGET = { args: 50, builder: 25, base: 100 };
const TESTS = Object.fromEntries(
  readdirSync(HERE)
    .filter((name) => name.endsWith(".test-d.ts"))
    .map((name) => [name, readFileSync(join(HERE, name), "utf8")]),
);
/** Beside the budget's files, of which one is called builder.ts, too. */
const resultOf = (name) => `result-${name.replace(".test-d", "")}`;
const RESULTS = Object.keys(TESTS).map(resultOf);
const work = realpathSync(mkdtempSync(join(tmpdir(), "tenon-types-")));
const failures = [];

function tsc(compiler, args) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, "node_modules", compiler, "bin/tsc"), ...args],
    {
      cwd: work,
      encoding: "utf8",
    },
  );
  return { ok: status === 0, text: `${stdout}${stderr}` };
}

function report(name, ok, detail = "") {
  console.log(`${ok ? "✔" : "✖"} ${name}${ok ? "" : `\n${detail}`}`);
  if (!ok) failures.push(name);
}

function config(folder, name, files, more = {}) {
  const path = join(folder, `tsconfig.${name}.json`);
  const compilerOptions = {
    target: "ES2022",
    lib: ["ES2022", "ESNext.Disposable"],
    module: "NodeNext",
    moduleResolution: "NodeNext",
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    types: ["node"],
    typeRoots: [join(ROOT, "node_modules/@types")],
    ...more,
  };
  writeFileSync(path, JSON.stringify({ compilerOptions, files, include: [] }));
  return path;
}

/** `tenon/types` as users get it: declarations, emitted from the sources. */
function emitTypes() {
  const out = join(work, "tenon");
  const path = join(work, "tsconfig.tenon.json");
  const compilerOptions = {
    noEmit: false,
    emitDeclarationOnly: true,
    declaration: true,
    rootDir: ROOT,
    outDir: join(out, "dist"),
  };
  const typeRoots = [join(ROOT, "node_modules/@types")];
  writeFileSync(
    path,
    JSON.stringify({
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions: { ...compilerOptions, typeRoots },
      include: [],
      files: [join(ROOT, "src/types.ts")],
    }),
  );
  const emitted = tsc(COMPILERS["6.0"], ["-p", path]);
  if (!emitted.ok) report("tenon/types compiles", false, emitted.text);
  const exports = { "./types": { types: "./dist/src/types.d.ts" } };
  writeFileSync(join(out, "package.json"), JSON.stringify({ name: "tenon", type: "module", exports }));
}

function project(models) {
  const folder = join(work, `p${models}`);
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(join(work, "tenon"), join(folder, "node_modules/tenon"));
  const imports = { "#tenon": { types: "./.tenon/client.d.ts", default: "./.tenon/client.js" } };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", imports }));
  writeFileSync(join(folder, "db.ts"), 'import type { Client } from "#tenon";\nexport declare const db: Client;\n');
  writeFileSync(join(folder, "base.ts"), 'import { db } from "./db.js";\nexport const used: unknown = db.users;\n');
  for (const name of readdirSync(join(HERE, "budget"))) cpSync(join(HERE, "budget", name), join(folder, name));
  cpSync(join(HERE, "fixtures/mistakes.ts"), join(folder, "mistakes.ts"));
  for (const [name, text] of Object.entries(TESTS))
    writeFileSync(join(folder, resultOf(name)), name === "results.test-d.ts" ? text : forCompilers(text).text);
  const made = spawnSync(
    process.execPath,
    ["--import", "tsx", join(HERE, "render.ts"), String(models), join(folder, ".tenon")],
    { cwd: ROOT, encoding: "utf8" },
  );
  if (made.status !== 0) report(`render ${models} models`, false, made.stderr);
  return folder;
}

const codeOf = (text) =>
  text
    .split("\n")
    .filter((line) => /error TS/.test(line))
    .slice(0, 20)
    .join("\n");

emitTypes();
const small = project(5);
const large = project(50);
const golden = readdirSync(join(ROOT, "test/golden"));
for (const name of golden)
  cpSync(join(ROOT, "test/golden", name, "expected"), join(small, `golden-${name}`), { recursive: true });

for (const [version, compiler] of Object.entries(COMPILERS)) {
  const results = tsc(compiler, ["-p", config(small, "results", RESULTS, { skipLibCheck: true })]);
  report(`TypeScript ${version}: results`, results.ok, codeOf(results.text));
  const refused = tsc(compiler, ["-p", config(small, "mistakes", ["mistakes.ts"], { skipLibCheck: true })]);
  report(`TypeScript ${version}: mistakes are refused`, refused.ok, codeOf(refused.text));
  const files = readdirSync(join(small, ".tenon"))
    .filter((name) => name.endsWith(".d.ts"))
    .map((name) => `.tenon/${name}`);
  const library = tsc(compiler, ["-p", config(small, "library", files, { skipLibCheck: false })]);
  report(`TypeScript ${version}: generated files`, library.ok, codeOf(library.text));
  for (const name of golden) {
    const declarations = readdirSync(join(small, `golden-${name}`))
      .filter((file) => file.endsWith(".d.ts"))
      .map((file) => `golden-${name}/${file}`);
    const checked = tsc(compiler, ["-p", config(small, `golden-${name}`, declarations, { skipLibCheck: false })]);
    report(`TypeScript ${version}: golden case ${name}`, checked.ok, codeOf(checked.text));
  }
}

const strict = await runTsd(small, ROOT, TESTS);
report(`tsd: ${RESULTS.length} files`, strict === "", strict);

const source = readFileSync(join(small, "mistakes.ts"), "utf8").replaceAll("// @ts-expect-error", "// the next line");
writeFileSync(join(small, "messages.ts"), source);
const messages = tsc(COMPILERS["6.0"], [
  "-p",
  config(small, "messages", ["messages.ts"], { skipLibCheck: true }),
  "--pretty",
  "false",
])
  .text.split("\n")
  .filter((line) => line !== "")
  .map((line) => line.replace(/^.*messages\.ts/, "").replace(/"?[^" ]*\/p5\//g, ""))
  .join("\n");
const expected = join(HERE, "fixtures/messages.txt");
if (process.env.UPDATE_MESSAGES === "1") writeFileSync(expected, `${messages}\n`);
report("messages of mistakes", readFileSync(expected, "utf8") === `${messages}\n`, messages);

const kept = (name) => readFileSync(join(HERE, "budget", `${name}.ts`), "utf8").match(/^export const q/gm).length;
for (const [version, compiler] of Object.entries({ 5.9: COMPILERS[5.9], "6.0": COMPILERS["6.0"] }))
  for (const [name, limit] of Object.entries(BUDGET)) {
    const { text } = tsc(compiler, [
      "-p",
      config(large, name, [`${name}.ts`], { skipLibCheck: true }),
      "--extendedDiagnostics",
    ]);
    const total = Number(/Instantiations:\s+(\d+)/.exec(text)?.[1] ?? Number.NaN);
    const each = name === "base" ? total : total / kept(name);
    const label = name === "base" ? "schema of 50 models" : `a query, ${name} form`;
    report(
      `TypeScript ${version}: ${each.toFixed(1)} instantiations (<= ${limit}) for ${label}`,
      each <= limit && !/error TS/.test(text),
      codeOf(text),
    );
  }

rmSync(work, { recursive: true, force: true });
if (failures.length > 0) console.log(`\n${failures.length} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;
