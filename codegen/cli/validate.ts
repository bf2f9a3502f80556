/** `tenon validate`: runs the models and lists them, or every mistake in them. Writes nothing. */
import { generate } from "../generate.js";
import { loadProject } from "../load.js";
import type { CliContext, CommonOptions } from "./context.js";
import { EXIT, type Output } from "./output.js";

export async function runValidate(context: CliContext, output: Output, options: CommonOptions): Promise<number> {
  const project = await loadProject({ cwd: context.cwd, config: options.config });
  const { loaded } = await generate(project);
  const models = [...loaded.models.schema.models.values()];
  output.result({
    hash: loaded.models.schema.hash,
    models: models.map((model) => ({
      name: model.name,
      collection: model.collection,
      fields: model.fields.length,
      relations: model.relations.length,
      indexes: model.indexes.length,
    })),
  });
  const width = Math.max(...models.map((model) => model.name.length));
  for (const model of models) {
    const counts = `${model.fields.length} fields, ${model.relations.length} relations, ${model.indexes.length} indexes`;
    output.data(`${model.name.padEnd(width)}  ${counts}`);
  }
  output.success(`${models.length} model${models.length === 1 ? "" : "s"}, no mistakes`);
  return EXIT.ok;
}
