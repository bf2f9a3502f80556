/** The two tables of templates: what is rendered per model, and what per schema. All output comes from here. */
import type { ModelMeta, Schema } from "../src/schema/model.js";
import { renderClientCode, renderClientTypes } from "./client.js";
import { renderCreate, renderUpdate } from "./input.js";
import { renderModel, renderNamed } from "./model.js";
import { type Naming, nameSchema } from "./naming.js";
import { renderPopulate } from "./populate.js";
import { renderQuery } from "./query.js";
import type { RenderCache } from "./render-cache.js";
import { renderRepository, renderTypes, renderValues } from "./repository.js";
import { type RenderOptions, Scope } from "./scope.js";
import { HEADER } from "./text.js";
import { renderOrderBy, renderUnique, renderWhere } from "./where.js";

export interface GeneratedFile {
  /** Path relative to the output folder. */
  readonly path: string;
  readonly text: string;
}

/** Parts of a model's file, in the order in which a reader wants them. */
const PER_MODEL: readonly ((model: ModelMeta, scope: Scope) => string)[] = [
  renderModel,
  (model, scope) =>
    scope.naming
      .declaredIn(scope.naming.file(model.name))
      .map((entry) => renderNamed(entry, scope))
      .join("\n\n"),
  renderWhere,
  renderUnique,
  renderOrderBy,
  renderCreate,
  renderUpdate,
  renderPopulate,
  renderValues,
  renderTypes,
  renderRepository,
  renderQuery,
];

const PER_SCHEMA: readonly {
  readonly path: string;
  readonly render: (schema: Schema, naming: Naming, options: RenderOptions) => string;
}[] = [
  { path: "client.d.ts", render: renderClientTypes },
  { path: "client.js", render: renderClientCode },
];

export type Rendered =
  | { readonly ok: true; readonly files: readonly GeneratedFile[] }
  /** Two things would have the same name; each problem is a sentence. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** Renders everything, or says what stands in the way. */
export function renderSchema(
  schema: Schema,
  options: RenderOptions,
  cache: RenderCache<GeneratedFile> | null = null,
): Rendered {
  const naming = nameSchema(schema);
  if (naming.problems.length > 0) return { ok: false, problems: naming.problems };
  const render = (model: ModelMeta): GeneratedFile => {
    const file = naming.file(model.name);
    const scope = new Scope(schema, naming, options, file);
    const blocks = PER_MODEL.map((part) => part(model, scope)).filter((block) => block !== "");
    return {
      path: `${file}.d.ts`,
      // Imports come last: whoever opens the file wants to see the row.
      text: `${[HEADER, ...blocks, ...[scope.imports().join("\n")].filter((text) => text !== "")].join("\n\n")}\n`,
    };
  };
  const kept = cache?.over(schema, naming, options) ?? null;
  const files = [...schema.models.values()].map((model) => kept?.(model, () => render(model)) ?? render(model));
  for (const { path, render } of PER_SCHEMA) files.push({ path, text: render(schema, naming, options) });
  return { ok: true, files };
}
