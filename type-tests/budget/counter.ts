/** Counts instantiations of one expression with a compiler in this process: files are read and parsed once a schema. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type typescript from "typescript";
import { renderSchema } from "../../templates/index.js";
import { blogSchema } from "../../test/codegen/drafts.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COMPILERS = { "5.9": "typescript-5.9", "6.0": "typescript" } as const;
const GENERATED = join(ROOT, "type-tests/.tenon");
const CASE = join(ROOT, "type-tests/case.ts");
const HEAD = 'import type { Client } from "./.tenon/client.js";\ndeclare const db: Client;\n';

export interface Counter {
  /** Of `export const it = <expression>`; which must be right, or wrong when `fails` is said. */
  count(expression: string, fails?: boolean): number;
}

export function openCounter(version: keyof typeof COMPILERS, models: number): Counter {
  const ts = createRequire(import.meta.url)(COMPILERS[version]) as typeof typescript;
  const rendered = renderSchema(blogSchema(models), { readonlyRows: false, comments: new Map() });
  if (!rendered.ok) throw new TypeError(rendered.problems.join("\n"));
  const generated = new Map(rendered.files.map((file) => [join(GENERATED, file.path), file.text]));
  const options: typescript.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2022.d.ts", "lib.esnext.disposable.d.ts"],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    noEmit: true,
    types: ["node"],
    paths: { "tenon/types": [join(ROOT, "src/types.ts")] },
  };
  const host = ts.createCompilerHost(options, true);
  const { readFile, fileExists, getSourceFile } = host;
  const parsed = new Map<string, typescript.SourceFile | undefined>();
  let text = "";
  host.readFile = (file) => generated.get(file) ?? readFile(file);
  host.fileExists = (file) => file === CASE || generated.has(file) || fileExists(file);
  const { directoryExists } = host;
  host.directoryExists = (folder) => folder === GENERATED || directoryExists?.(folder) === true;
  host.getSourceFile = (file, ...rest) => {
    if (file === CASE) return ts.createSourceFile(file, text, rest[0], true);
    if (!parsed.has(file)) {
      const own = generated.get(file);
      parsed.set(
        file,
        own === undefined ? getSourceFile(file, ...rest) : ts.createSourceFile(file, own, rest[0], true),
      );
    }
    return parsed.get(file);
  };
  let before: typescript.Program | undefined;
  return {
    count(expression, fails = false) {
      text = `${HEAD}export const it = ${expression};\n`;
      const program = ts.createProgram([CASE], options, host, before);
      before = program;
      const file = program.getSourceFile(CASE);
      const found = program
        .getSemanticDiagnostics(file)
        .map((each) => ts.flattenDiagnosticMessageText(each.messageText, "\n"));
      if (found.length > 0 !== fails) throw new TypeError(`${expression}: ${found.join("\n") || "no error"}`);
      return program.getInstantiationCount();
    },
  };
}
