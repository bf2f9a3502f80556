/** Every example of the documents compiles against the public types and a client generated from test/docs/models.ts. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import ts from "typescript";
import { afterAll, describe, expect, test } from "vitest";
import { generate } from "../../codegen/generate.js";
import { moduleOf, snippetsOf } from "./snippets.js";

const ROOT = resolve(import.meta.dirname, "../..");
const WORK = join(import.meta.dirname, ".made");
const documents = ["README.md", ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith(".md"),
);
const snippets = documents.flatMap((name) => snippetsOf(name, readFileSync(join(ROOT, name), "utf8")));

afterAll(() => rmSync(WORK, { recursive: true, force: true }));

async function problems(): Promise<ReadonlyMap<string, readonly string[]>> {
  rmSync(WORK, { recursive: true, force: true });
  mkdirSync(join(WORK, "generated"), { recursive: true });
  const { files } = await generate({
    root: import.meta.dirname,
    configFile: join(import.meta.dirname, "tenon.config.ts"),
    config: {
      models: ["./models.ts"],
      out: ".made/generated",
      tsconfig: null,
      templates: null,
      comments: true,
      maps: false,
      readonly: false,
    },
    out: join(WORK, "generated"),
  });
  for (const file of files) writeFileSync(join(WORK, "generated", file.path), file.text);
  const modules = snippets.map((snippet, index) => ({
    snippet,
    path: join(WORK, `snippet-${index}.ts`),
    ...moduleOf(snippet),
  }));
  for (const { path, text } of modules) writeFileSync(path, text);
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile).config,
    ts.sys,
    ROOT,
  );
  const program = ts.createProgram(
    modules.map(({ path }) => path),
    { ...options, isolatedModules: false, verbatimModuleSyntax: false, experimentalDecorators: true, noEmit: true },
  );
  return new Map(
    modules.map(({ snippet, path, ahead }) => {
      const file = program.getSourceFile(path);
      const found =
        file === undefined ? [] : [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
      const lines = found.map(({ messageText, start }) => {
        const line = file?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0;
        return `line ${line - ahead + 1}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
      });
      return [snippet.place, lines];
    }),
  );
}

describe("the examples of the documents compile", async () => {
  const found = await problems();
  test("there are examples", () => expect(snippets.length).toBeGreaterThan(20));
  test.each(snippets.map(({ place }) => place))("%s", (place) => expect(found.get(place)).toEqual([]));
});
