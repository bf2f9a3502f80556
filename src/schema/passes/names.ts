/** Pass 1: model and collection names are legal and unique, also where case does not count (files, SQL, generated files). */
import type { ModelDraft } from "../draft.js";
import { collectionNameProblem, defaultCollection, modelNameProblem } from "../naming.js";
import type { ResolveContext } from "./context.js";

/** Suffixes that generated code appends to a model's name. */
const GENERATED_SUFFIXES = [
  "Where",
  "OrderBy",
  "Create",
  "Update",
  "Path",
  "Relations",
  "Row",
  "Pick",
  "Repository",
  "Query",
] as const;

export function resolveNames(context: ResolveContext): void {
  const byLower = new Map<string, ModelDraft>();
  for (const draft of context.drafts) {
    for (const issue of draft.issues) context.report(draft, issue.member, issue.message, issue.fix, issue.location);
    const problem = modelNameProblem(draft.name);
    if (problem !== null) {
      context.report(draft, null, `the model name \`${draft.name}\` ${problem}`, "choose another name, such as `Item`");
    }
    const other = byLower.get(draft.name.toLowerCase());
    if (other === undefined) {
      byLower.set(draft.name.toLowerCase(), draft);
      addModel(context, draft);
    } else if (other.name === draft.name) {
      context.report(draft, null, `model \`${draft.name}\` is declared twice${place(other)}`, "rename one of them");
    } else {
      const message = `models \`${other.name}\` and \`${draft.name}\` differ only in case, so their generated files would be the same`;
      context.report(draft, null, message, "rename one of them");
    }
  }
  checkCollections(context);
  checkSuffixes(context);
}

function addModel(context: ResolveContext, draft: ModelDraft): void {
  context.models.set(draft.name, {
    draft,
    collection: draft.collection ?? defaultCollection(draft.name),
    fields: new Map(),
    resolvedFields: [],
    key: [],
    keyGeneration: "given",
    relations: new Map(),
    indexes: [],
  });
}

function checkCollections(context: ResolveContext): void {
  const byLower = new Map<string, { readonly model: string; readonly collection: string }>();
  for (const { draft, collection } of context.models.values()) {
    const problem = collectionNameProblem(collection);
    if (problem !== null) {
      // A model whose own name is wrong has a wrong collection too: one report is enough.
      if (draft.collection === null && modelNameProblem(draft.name) !== null) continue;
      const fix = `set another one: { collection: "${defaultCollection(draft.name)}Data" }`;
      context.report(draft, null, `the collection name \`${collection}\` of ${draft.name} ${problem}`, fix);
    }
    const other = byLower.get(collection.toLowerCase());
    if (other === undefined) {
      byLower.set(collection.toLowerCase(), { model: draft.name, collection });
      continue;
    }
    const message =
      other.collection === collection
        ? `models ${other.model} and ${draft.name} have the same collection \`${collection}\``
        : `the collections \`${other.collection}\` of ${other.model} and \`${collection}\` of ${draft.name} differ only in case, so their files would be the same`;
    context.report(draft, null, message, "set `collection` of one of them to another name");
  }
}

function checkSuffixes(context: ResolveContext): void {
  for (const { draft } of context.models.values()) {
    const suffix = GENERATED_SUFFIXES.find((candidate) => draft.name.endsWith(candidate));
    if (suffix === undefined) continue;
    const base = draft.name.slice(0, -suffix.length);
    if (!context.models.has(base)) continue;
    const message = `the model name \`${draft.name}\` is the name of a type that is generated for ${base}`;
    context.report(draft, null, message, `rename it, for example to \`${base}${suffix}Record\``);
  }
}

function place(draft: ModelDraft): string {
  return draft.location === null ? "" : `, first at ${draft.location.file}:${draft.location.line}`;
}
