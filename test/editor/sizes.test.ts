/**
 * The same answers among 100 and 500 models as among ten: every completion, every hover and every mistake again, in the
 * editor service of TypeScript 6.0. (How long they take is measured by `npm run bench -- editor`.)
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMPLETIONS, HEAD, HOVERS, MISTAKES, marked } from "./cases.js";
import type { Editor } from "./editor.js";
import { CASE, emitPackage, makeFolder, makeProject, removeFolder } from "./project.js";
import { SERVERS } from "./servers.js";

const HOVERS_FILE = fileURLToPath(new URL("hovers.txt", import.meta.url));
const [server] = SERVERS.filter((each) => each.version === "6.0");

let root = "";
beforeAll(() => {
  root = makeFolder();
  emitPackage(join(root, "tenon"));
});
afterAll(() => removeFolder(root));

// The first answer among 500 models waits for the whole program; on a busy machine that is long.
describe.each([100, 500])("among %i models", { timeout: 240_000 }, (models) => {
  let editor: Editor;
  let file = "";
  const open = async (text: string): Promise<number> => {
    const program = marked(text);
    await editor.open(file, program.text);
    return program.offset;
  };

  beforeAll(async () => {
    const folder = join(root, `p${models}`);
    await makeProject(folder, models, join(root, "tenon"));
    file = join(folder, CASE);
    editor = (await server?.open?.(folder)) ?? expect.fail("TypeScript 6.0 has an editor service");
    await editor.open(file, HEAD);
  }, 120_000);
  afterAll(() => editor.close());

  it("completes the same entries", async () => {
    for (const { name, text, entries } of COMPLETIONS) {
      const found = await editor.completions(file, await open(text));
      expect(found.map((entry) => entry.name).sort(), name).toEqual([...entries].sort());
    }
  });

  it("shows the same hovers", async () => {
    const kept = readFileSync(HOVERS_FILE, "utf8");
    for (const { name, text } of HOVERS) {
      const hover = await editor.hover(file, await open(text));
      expect(kept, name).toContain(`## ${name}\n${text}\n${hover.text.replace(/^/gm, "    ")}\n`);
    }
  });

  it("marks the same words of mistakes", async () => {
    for (const { name, right, from, to, at, says } of MISTAKES) {
      const where = right.lastIndexOf(from);
      await editor.open(file, HEAD + right.slice(0, where) + to + right.slice(where + from.length));
      const found = await editor.errors(file);
      expect(
        found.map((each) => each.word),
        name,
      ).toEqual([at]);
      expect(found[0]?.message, name).toContain(says);
    }
  });
});
