/** Pass 6: declared indexes, then those that foreign keys need. */

import type { IndexDraft } from "../draft.js";
import { isScalarType, typeAt } from "../field-types.js";
import type { IndexMeta, Path, SourceLocation } from "../model.js";
import { defaultIndexName, indexNameProblem } from "../naming.js";
import { type Building, isBroken, quoted, type ResolveContext, sameNames, sameSet } from "./context.js";
import { didYouMean } from "./keys.js";

export function resolveIndexes(context: ResolveContext): void {
  const names = new Map<string, string>();
  for (const building of context.models.values()) {
    for (const index of building.draft.indexes) addDeclared(context, building, index, names);
  }
  // hasOne first: its unique index also serves the belongsTo on the other side.
  for (const building of context.models.values()) {
    for (const { meta, draft } of building.relations.values()) {
      if (meta.kind !== "hasOne") continue;
      const holder = context.models.get(meta.target);
      if (holder !== undefined) addForKey(context, holder, meta.to, true, draft.location, names);
    }
  }
  for (const building of context.models.values()) {
    for (const { meta, draft } of building.relations.values()) {
      if (meta.kind === "belongsTo") addForKey(context, building, meta.from, false, draft.location, names);
    }
  }
}

function addDeclared(context: ResolveContext, building: Building, index: IndexDraft, names: Map<string, string>): void {
  const { draft } = building;
  const label = index.name === null ? `the index on ${quoted(index.on)}` : `index \`${index.name}\``;
  const report = (message: string, fix: string) =>
    context.report(draft, index.name ?? index.on[0] ?? null, message, fix, index.location);
  if (index.on.length === 0) {
    report(`an index of ${draft.name} names no field`, 'name at least one: "email" or ["role", "name"]');
    return;
  }
  const paths = index.on.map((text) => text.split("."));
  let valid = true;
  for (const [position, path] of paths.entries()) {
    const written = index.on[position] as string;
    if (index.on.indexOf(written) !== position) {
      report(`${label} of ${draft.name} names \`${written}\` twice`, "remove one");
      valid = false;
    } else if (!checkPath(building, path, written, label, report)) valid = false;
  }
  if (!valid) return;
  const name = index.name ?? defaultIndexName(building.collection, paths, index.unique);
  const twin = building.indexes.find((other) => other.unique === index.unique && samePaths(other.paths, paths));
  if (twin !== undefined) {
    report(`${label} of ${draft.name} is the same as index \`${twin.name}\``, "remove one");
    return;
  }
  if (index.unique && sameSet(index.on, building.key)) {
    report(`${label} of ${draft.name} is the same as its key`, "remove it: the key is unique already");
    return;
  }
  const problem = index.name === null ? null : indexNameProblem(index.name);
  if (problem !== null) report(`the index name \`${name}\` of ${draft.name} ${problem}`, "choose another name");
  if (problem === null) add(context, building, { name, paths, unique: index.unique }, index.location, names);
}

function checkPath(
  building: Building,
  path: Path,
  written: string,
  label: string,
  report: (message: string, fix: string) => void,
): boolean {
  const { draft, fields } = building;
  if (isBroken(building, path[0] as string)) return false;
  const at = typeAt({ fields: [...fields.values()] }, path);
  if (at === null) {
    report(`${label} of ${draft.name} names \`${written}\`, which it lacks`, pathFix(building, path));
    return false;
  }
  if (isScalarType(at.type)) return true;
  const message = `${label} of ${draft.name} names \`${written}\`, which is of type ${at.type.kind}; an index holds single values`;
  const first = at.type.kind === "object" ? at.type.properties[0]?.name : undefined;
  report(
    message,
    first === undefined ? "index another field" : `index one of its properties, such as \`${written}.${first}\``,
  );
  return false;
}

function pathFix(building: Building, path: Path): string {
  const fields = [...building.fields.values()];
  for (let length = path.length - 1; length > 0; length--) {
    const at = typeAt({ fields }, path.slice(0, length));
    if (at === null) continue;
    const prefix = path.slice(0, length).join(".");
    if (at.type.kind !== "object") return `\`${prefix}\` is of type ${at.type.kind}, which has no properties to index`;
    const step = path[length] as string;
    return didYouMean(
      `${prefix}.${step}`,
      at.type.properties.map((property) => `${prefix}.${property.name}`),
    );
  }
  return didYouMean(path.join("."), building.fields.keys());
}

/** An index for a foreign key, unless the key or an index starts with its fields (for hasOne: is unique on them). */
function addForKey(
  context: ResolveContext,
  holder: Building,
  fields: readonly string[],
  unique: boolean,
  location: SourceLocation | null,
  names: Map<string, string>,
): void {
  const served = unique
    ? sameSet(holder.key, fields) ||
      holder.indexes.some(
        (index) =>
          index.unique &&
          sameSet(
            index.paths.map((path) => path.join(".")),
            fields,
          ),
      )
    : startsWith(holder.key, fields) ||
      holder.indexes.some((index) =>
        startsWith(
          index.paths.map((path) => path.join(".")),
          fields,
        ),
      );
  if (served) return;
  const paths = fields.map((field) => [field]);
  const name = defaultIndexName(holder.collection, paths, unique);
  add(context, holder, { name, paths, unique }, location, names);
}

function add(
  context: ResolveContext,
  building: Building,
  index: IndexMeta,
  location: SourceLocation | null,
  names: Map<string, string>,
): void {
  const lower = index.name.toLowerCase();
  const owner = names.get(lower);
  if (owner !== undefined) {
    const message = `the index name \`${index.name}\` of ${building.draft.name} is used already, by ${owner}`;
    context.report(building.draft, index.name, message, "give one of the two another name", location);
    return;
  }
  names.set(lower, `an index of ${building.draft.name}`);
  building.indexes.push(index);
}

function startsWith(names: readonly string[], fields: readonly string[]): boolean {
  return names.length >= fields.length && sameSet(names.slice(0, fields.length), fields);
}

function samePaths(a: readonly Path[], b: readonly Path[]): boolean {
  return a.length === b.length && a.every((path, index) => sameNames(path, b[index] as Path));
}
