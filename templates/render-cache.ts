/**
 * Files of models that need no rendering again, for those who generate again and again. A file is taken over when all that
 * templates may look at is as it was: the model, its comments, the names in use, the models that it has relations to or
 * through, and for all of these how others refer to them (see links.ts, `pathDepth`). A template that looks further must
 * say so here.
 */
import type { ModelMeta, Schema } from "../src/schema/model.js";
import { linksOf, sharedLinkFields } from "./links.js";
import { type Naming, stable } from "./naming.js";
import { pathDepth } from "./populate.js";
import type { RenderOptions } from "./scope.js";

interface Kept<File> {
  readonly key: string;
  readonly file: File;
}

export class RenderCache<File> {
  #kept: ReadonlyMap<string, Kept<File>> = new Map();
  #names = "";

  /** Starts a run: what it gives is kept for the next one, and nothing else. */
  over(schema: Schema, naming: Naming, options: RenderOptions): (model: ModelMeta, render: () => File) => File {
    const names = [...naming.taken].join();
    const before = names === this.#names ? this.#kept : new Map<string, Kept<File>>();
    this.#names = names;
    const kept = new Map<string, Kept<File>>();
    this.#kept = kept;
    const about = oncePer((model) => {
      const links = linksOf(schema, model).map(({ name, relation, fields, required }) => [
        name,
        relation?.name,
        fields.map((field) => field.name),
        required,
      ]);
      const shared = [...sharedLinkFields(schema, model)];
      return JSON.stringify([model, links, shared, naming.file(model.name)], stable);
    });
    return (model, render) => {
      const others = model.relations.flatMap(({ target, through }) => [target, ...(through ? [through.model] : [])]);
      const comments = [
        model.name,
        ...[...model.fields, ...model.relations].map(({ name }) => `${model.name}.${name}`),
      ];
      const used = naming.usedIn(naming.file(model.name)).map(({ name, file }) => `${file}:${name}`);
      const own = [
        options.readonlyRows,
        pathDepth(schema, model),
        used,
        comments.map((each) => options.comments.get(each)),
      ];
      const metas = [...new Set(others)].flatMap((name) => schema.models.get(name) ?? []);
      const key = [JSON.stringify(own), about(model), ...metas.map(about)].join("\n");
      const old = before.get(model.name);
      const file = old?.key === key ? old.file : render();
      kept.set(model.name, { key, file });
      return file;
    };
  }
}

function oncePer(make: (model: ModelMeta) => string): (model: ModelMeta) => string {
  const known = new Map<ModelMeta, string>();
  return (model) => {
    const text = known.get(model) ?? make(model);
    known.set(model, text);
    return text;
  };
}
