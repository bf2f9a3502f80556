/**
 * A real editor service on a generated project of ten models: completions have the right entries and no others, hovers
 * read as in `hovers.txt`, mistakes are marked at the wrong word, and definitions lead into the model's file. To accept new
 * hovers: UPDATE_HOVERS=1 npx vitest run test/editor, then read the diff.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMPLETIONS, DEFINITIONS, HEAD, HOVERS, MISTAKES, marked } from "./cases.js";
import type { Editor } from "./editor.js";
import { CASE, emitPackage, makeFolder, makeProject, removeFolder } from "./project.js";
import { SERVERS } from "./servers.js";

const MODELS = 10;
const HOVERS_FILE = fileURLToPath(new URL("hovers.txt", import.meta.url));

let root = "";
beforeAll(async () => {
  root = makeFolder();
  emitPackage(join(root, "tenon"));
  await makeProject(join(root, "p"), MODELS, join(root, "tenon"));
});
afterAll(() => removeFolder(root));

describe.each(SERVERS)("the editor of TypeScript $version", ({ open, why, version }) => {
  if (open === null) {
    it.skip(`capability: ${why}`, () => {});
    return;
  }
  let editor: Editor;
  let file = "";

  beforeAll(async () => {
    file = join(root, "p", CASE);
    editor = await open(join(root, "p"));
    await editor.open(file, HEAD);
  });
  afterAll(() => editor.close());

  const at = async (text: string): Promise<number> => {
    const program = marked(text);
    await editor.open(file, program.text);
    return program.offset;
  };

  it.each(COMPLETIONS)("completes $name", async ({ text, entries }) => {
    const names = (await editor.completions(file, await at(text))).map((entry) => entry.name);
    expect([...names].sort()).toEqual([...entries].sort());
  });

  it("shows hovers that read like hand-written interfaces", async () => {
    const shown: string[] = [];
    for (const { name, text } of HOVERS) {
      const hover = await editor.hover(file, await at(text));
      const body = [hover.text, ...(hover.doc === "" ? [] : [`— ${hover.doc}`])].join("\n");
      shown.push(`## ${name}\n${text}\n${body.replace(/^/gm, "    ")}\n`);
    }
    const text = shown.join("\n");
    // The wording of hovers differs a little between compilers; one of them is kept.
    if (version === "6.0" && process.env.UPDATE_HOVERS === "1") writeFileSync(HOVERS_FILE, text);
    if (version !== "7.0") expect(text).toBe(readFileSync(HOVERS_FILE, "utf8"));
    else expect(text).not.toMatch(/: any\b|\.\.\. \d+ more/);
  });

  it.each(MISTAKES)("marks: $name", async ({ right, from, to, at: word, says }) => {
    await editor.open(file, HEAD + right);
    expect(await editor.errors(file)).toEqual([]);
    const wrong =
      HEAD + right.slice(0, right.lastIndexOf(from)) + to + right.slice(right.lastIndexOf(from) + from.length);
    await editor.open(file, wrong);
    const found = await editor.errors(file);
    expect(found.map((each) => each.word)).toEqual([word]);
    expect(found[0]?.start).toBe(wrong.lastIndexOf(word));
    expect(found[0]?.message).toContain(says);
    await editor.open(file, HEAD + right);
    expect(await editor.errors(file)).toEqual([]);
  });

  it.each(DEFINITIONS)("leads to the model from $name", async ({ text, to }) => {
    const places = await editor.definition(file, await at(text));
    const found = places.map((place) => ({ file: place.file, text: place.text.slice(0, to.length) }));
    expect(found).toContainEqual({ file: join(root, "p/models/group.ts"), text: to });
    expect(places.every((place) => existsSync(place.file))).toBe(true);
  });
});
