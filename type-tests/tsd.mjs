/**
 * Every `*.test-d.ts` by tsd. `results.test-d.ts` is written for any compiler: `same<typeof row, User>(true)` becomes
 * `expectType<User>(row)`. tsd brings a TypeScript of its own, so run.mjs asks the real ones too (real.mjs). Answers with what
 * is wrong; a wrong expectation in any of the files must be found.
 */
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import module from "tsd";

// CommonJS with a default export of its own.
const tsd = module.default;
const HEAD = 'import { expectType } from "tsd";\n';

/** `project`: the folder of a generated project; `files`: names and texts of the tests; `root`: the repository. */
export async function runTsd(project, root, files) {
  const folder = join(project, "tsd");
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(join(root, "node_modules/tsd"), join(folder, "node_modules/tsd"));
  symlinkSync(join(project, "node_modules/tenon"), join(folder, "node_modules/tenon"));
  const golden = readdirSync(project).filter((name) => name.startsWith("golden-"));
  for (const name of [".tenon", "db.ts", ...golden])
    cpSync(join(project, name), join(folder, name), { recursive: true });
  const compilerOptions = {
    target: "es2022",
    lib: ["es2022", "esnext.disposable"],
    module: "nodenext",
    moduleResolution: "nodenext",
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    types: ["node"],
    typeRoots: [join(root, "node_modules/@types")],
  };
  const imports = { "#tenon": { types: "./.tenon/client.d.ts" } };
  const manifest = { name: "p", type: "module", types: "db.ts", imports, tsd: { compilerOptions } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  const texts = Object.entries(files).map(([name, text]) => [
    name,
    name === "results.test-d.ts"
      ? HEAD + text.replace(/^same<typeof (\w+), (.+)>\(true\);$/gm, "expectType<$2>($1);")
      : text,
  ]);
  const testFiles = texts.map(([name]) => name);
  for (const [name, text] of texts) writeFileSync(join(folder, name), text);
  const found = await tsd({ cwd: folder, typingsFile: "db.ts", testFiles });
  // The same with one expectation of each file wrong: a run that notices nothing proves nothing.
  for (const [name, text] of texts)
    writeFileSync(join(folder, name), text.replace(/^expectType<[^(]+>\(/m, "expectType<unknown>("));
  const noticed = new Set((await tsd({ cwd: folder, typingsFile: "db.ts", testFiles })).map((each) => each.fileName));
  const blind = testFiles.filter((name) => ![...noticed].some((path) => path.endsWith(name)));
  if (blind.length > 0) return `tsd notices no wrong expectation in ${blind.join(", ")}`;
  return found.map((each) => `${each.fileName}:${each.line}: ${each.message}`).join("\n");
}
