/** The pipeline of generation: load, take over comments, render everything in memory. Writes nothing. */
import { ConfigError } from "../src/base/errors.js";
import { type GeneratedFile, renderSchema } from "../templates/index.js";
import { type Loaded, loadModels, type Project } from "./load.js";
import { scanComments } from "./scan.js";

export interface Generated {
  readonly loaded: Loaded;
  readonly files: readonly GeneratedFile[];
}

export async function generate(project: Project): Promise<Generated> {
  const loaded = await loadModels(project);
  const comments = project.config.comments ? await scanComments(loaded) : new Map<string, string>();
  const rendered = renderSchema(loaded.models.schema, { readonlyRows: project.config.readonly, comments });
  if (rendered.ok) return { loaded, files: rendered.files };
  throw new ConfigError(
    "CONFIG.INVALID",
    `names clash:\n${rendered.problems.map((line) => `  - ${line}`).join("\n")}`,
    {
      fix: "rename one of the models",
      meta: { problems: rendered.problems },
    },
  );
}
