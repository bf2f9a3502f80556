/** Writes the declarations of the budget's schema: `render.ts <models> <folder>`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderSchema } from "../templates/index.js";
import { blogSchema } from "../test/codegen/drafts.js";

const [, , models = "5", folder = ".tenon"] = process.argv;
const rendered = renderSchema(blogSchema(Number(models)), { readonlyRows: false, comments: new Map() });
if (!rendered.ok) throw new TypeError(rendered.problems.join("\n"));
mkdirSync(folder, { recursive: true });
for (const file of rendered.files) writeFileSync(join(folder, file.path), file.text);
