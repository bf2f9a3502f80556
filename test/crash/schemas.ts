/** The schemas that random workloads move between: a few switches, each combination a schema. */
import type { Doc, Schema } from "../../src/schema/model.js";
import type { SchemaOp } from "../../src/schema/ops.js";
import { field, index, int, model, relation, schemaOf, string } from "../engine/support.js";

/** What differs between the schemas. `Item` and `Note` are always there. */
export interface Shape {
  /** Item has a nullable field more. */
  readonly extra: boolean;
  /** Item's text field is called `body`. */
  readonly renamed: boolean;
  /** Note's collection is called `remarks`. */
  readonly moved: boolean;
  /** There is a model Tag. */
  readonly tags: boolean;
  /** Item has an index on `n`. */
  readonly indexed: boolean;
}

export const FIRST_SHAPE: Shape = { extra: false, renamed: false, moved: false, tags: false, indexed: true };
const SWITCHES = Object.keys(FIRST_SHAPE) as (keyof Shape)[];

export interface Version {
  readonly shape: Shape;
  readonly schema: Schema;
  /** Fields of each model, in order. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
}

const known = new Map<string, Version>();
const byHash = new Map<string, Version>();

const nullable = { nullable: true };

export function textField(shape: Shape): string {
  return shape.renamed ? "body" : "text";
}

export function versionOf(shape: Shape): Version {
  const key = JSON.stringify(shape);
  let version = known.get(key);
  if (version === undefined) {
    const schema = build(shape);
    const fields = new Map([...schema.models.values()].map((one) => [one.name, one.fields.map(({ name }) => name)]));
    version = { shape, schema, fields };
    known.set(key, version);
    byHash.set(schema.hash, version);
  }
  return version;
}

export function versionByHash(hash: string): Version | undefined {
  return byHash.get(hash);
}

export function toggled(shape: Shape, at: number): Shape {
  const name = SWITCHES[at % SWITCHES.length]!;
  return { ...shape, [name]: !shape[name] };
}

/** Only renames have to be said; the embedded engine reads everything else from the target. */
export function opsBetween(from: Shape, to: Shape): SchemaOp[] {
  if (from.renamed === to.renamed) return [];
  return [{ kind: "renameField", model: "Item", from: textField(from), to: textField(to) }];
}

function build(shape: Shape): Schema {
  const item = model(
    "Item",
    "items",
    [
      field("id", int),
      field("n", int),
      field(textField(shape), string, nullable),
      ...(shape.extra ? [field("extra", int, nullable)] : []),
    ],
    {
      keyGeneration: "given",
      partitionBy: "n",
      indexes: shape.indexed ? [index("items_n", ["n"])] : [],
      relations: [relation("notes", "hasMany", "Note", ["id"], ["itemId"])],
    },
  );
  const note = model(
    "Note",
    shape.moved ? "remarks" : "notes",
    [field("id", int), field("itemId", int, nullable), field("text", string)],
    {
      indexes: [index("notes_itemId", ["itemId"])],
      relations: [relation("item", "belongsTo", "Item", ["itemId"], ["id"], { onDelete: "cascade" })],
    },
  );
  const tag = model("Tag", "tags", [field("id", string), field("n", int)], { keyGeneration: "given" });
  return schemaOf(item, note, ...(shape.tags ? [tag] : []));
}

/** Documents as text: the model's fields in order. */
export function textOf(model: string, fields: readonly string[], docs: Iterable<Doc>): string {
  let text = `${model}(${fields.join()})`;
  for (const doc of docs) text += `\n${JSON.stringify(fields.map((name) => doc[name] ?? null))}`;
  return text;
}
