/**
 * The exact result types once more, by tsd: `same<typeof row, User>(true)` becomes `expectType<User>(row)`. tsd brings a
 * TypeScript of its own, so run.mjs asks the real ones too. Answers with what is wrong; a wrong expectation must be found.
 */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import module from "tsd";

// CommonJS with a default export of its own.
const tsd = module.default;
const HEAD = 'import { expectType } from "tsd";\n';

/** `project`: the folder of a generated project with results.ts; `root`: the repository. */
export async function runTsd(project, root) {
  const folder = join(project, "tsd");
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(join(root, "node_modules/tsd"), join(folder, "node_modules/tsd"));
  symlinkSync(join(project, "node_modules/tenon"), join(folder, "node_modules/tenon"));
  for (const name of [".tenon", "db.ts"]) cpSync(join(project, name), join(folder, name), { recursive: true });
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
  const text =
    HEAD +
    readFileSync(join(project, "results.ts"), "utf8").replace(
      /^same<typeof (\w+), (.+)>\(true\);$/gm,
      "expectType<$2>($1);",
    );
  const expected = text.match(/^expectType</gm)?.length ?? 0;
  writeFileSync(join(folder, "results.test-d.ts"), text);
  const found = await tsd({ cwd: folder, typingsFile: "db.ts", testFiles: ["results.test-d.ts"] });
  // The same with one expectation wrong: a run that notices nothing proves nothing.
  writeFileSync(join(folder, "results.test-d.ts"), text.replace(/^expectType<.+>\(/m, "expectType<unknown>("));
  const wrong = await tsd({ cwd: folder, typingsFile: "db.ts", testFiles: ["results.test-d.ts"] });
  if (expected === 0 || wrong.length === 0) return "tsd notices no wrong expectation";
  return found.map((each) => `${each.fileName}:${each.line}: ${each.message}`).join("\n");
}
