/** The pipeline of generation: load, take over comments, render everything in memory. Writes nothing. */
import { ConfigError } from "../src/base/errors.js";
import { type GeneratedFile, renderSchema } from "../templates/index.js";
import type { RenderCache } from "../templates/render-cache.js";
import { type Loaded, loadModels, openCode, type Project } from "./load.js";
import { type MapCache, withMaps } from "./maps.js";
import type { Place } from "./source-plugin.js";
import type { UserCode } from "./user-code.js";
import { applyTemplates } from "./user-templates.js";

export interface Caches {
  readonly texts: RenderCache<GeneratedFile> | null;
  readonly maps: MapCache | null;
}

export interface Generated {
  readonly loaded: Loaded;
  readonly files: readonly GeneratedFile[];
}

/** `code` and caches are given by those who generate again and again (`--watch`); else everything is made anew. */
export async function generate(
  project: Project,
  code: UserCode = openCode(project),
  { texts, maps }: Caches = { texts: null, maps: null },
): Promise<Generated> {
  const loaded = await loadModels(project, code);
  const comments = project.config.comments ? commentsOf(loaded.declared) : new Map<string, string>();
  const rendered = renderSchema(loaded.models.schema, { readonlyRows: project.config.readonly, comments }, texts);
  if (rendered.ok) {
    const { schema } = loaded.models;
    const made = await applyTemplates(project, code, schema, rendered.files);
    const files = project.config.maps ? withMaps(made, schema, loaded.declared, project.out, maps) : made;
    // Templates are files of the user too, known only now.
    return { loaded: { ...loaded, files: [project.configFile, ...code.files()] }, files };
  }
  throw new ConfigError(
    "CONFIG.INVALID",
    `names clash:\n${rendered.problems.map((line) => `  - ${line}`).join("\n")}`,
    {
      fix: "rename one of the models",
      meta: { problems: rendered.problems },
    },
  );
}

function commentsOf(declared: ReadonlyMap<string, Place>): ReadonlyMap<string, string> {
  const comments = new Map<string, string>();
  for (const { key, comment } of declared.values()) if (comment !== null) comments.set(key, comment);
  return comments;
}
