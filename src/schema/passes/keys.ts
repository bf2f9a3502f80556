/** Pass 3: the primary key, how it comes about, and the fields with a role (createdAt, updatedAt, version). */
import { nearest } from "../../base/suggest.js";
import { TYPE_TRAITS } from "../field-types.js";
import type { DefaultMeta, FieldMeta, FieldRole, KeyGeneration, TypeKind } from "../model.js";
import { type Building, isBroken, listOf, type ResolveContext } from "./context.js";

export function resolveKeys(context: ResolveContext): void {
  for (const building of context.models.values()) {
    resolveKey(context, building);
    const roles = resolveRoles(context, building);
    building.resolvedFields = [...building.fields.values()].map((field) => withRole(building, field, roles));
  }
}

function resolveKey(context: ResolveContext, building: Building): void {
  const { draft, fields } = building;
  const { fields: names } = draft.key;
  // A model without any field has been reported already.
  if (fields.size === 0) return;
  if (names.length === 0) {
    context.report(draft, null, `the key of ${draft.name} names no field`, 'name one: { key: "id" }');
    return;
  }
  let valid = true;
  const fail = (member: string | null, message: string, fix: string) => {
    context.report(draft, member, message, fix);
    valid = false;
  };
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) fail(name, `the key of ${draft.name} names \`${name}\` twice`, "remove one");
    seen.add(name);
    if (isBroken(building, name)) {
      valid = false;
      continue;
    }
    const field = fields.get(name);
    if (field === undefined) {
      fail(name, `the key of ${draft.name} names field \`${name}\`, which it lacks`, didYouMean(name, fields.keys()));
      continue;
    }
    if (field.nullable || field.optional) {
      const word = field.nullable ? "nullable" : "optional";
      fail(name, `key field \`${name}\` of ${draft.name} is ${word}`, "a key always has a value: make it required");
    }
    if (!TYPE_TRAITS[field.type.kind].indexable) {
      const message = `key field \`${name}\` of ${draft.name} is of type ${field.type.kind}, which cannot be a key`;
      fail(name, message, "use an int, a string or another single value");
    }
    if (field.input !== null) {
      const message = `key field \`${name}\` of ${draft.name} transforms its input, so a look-up by the input would miss`;
      fail(name, message, "use the stored type in the model and transform before");
    }
  }
  const generation = resolveGeneration(context, building);
  if (!valid || generation === null) return;
  building.key = names;
  building.keyGeneration = generation;
}

const GENERATED_TYPE: Readonly<Record<KeyGeneration, TypeKind | null>> = {
  increment: "int",
  uuid7: "string",
  ulid: "string",
  given: null,
};

/** Explicit, else by the key field's schema. Null when wrong. */
function resolveGeneration(context: ResolveContext, building: Building): KeyGeneration | null {
  const { draft, fields } = building;
  const { fields: names, generate } = draft.key;
  const field = fields.get(names[0] ?? "");
  if (names.length > 1) {
    if (generate === null || generate === "given") return "given";
    context.report(draft, null, `the composite key of ${draft.name} cannot be generated`, 'use generate: "given"');
    return null;
  }
  if (field === undefined || isBroken(building, field.name)) return null;
  if (generate !== null) {
    const wanted = GENERATED_TYPE[generate];
    if (wanted === null || field.type.kind === wanted) return generate;
    const message = `key field \`${field.name}\` of ${draft.name} is of type ${field.type.kind}, but "${generate}" makes ${wanted === "int" ? "an int" : "a string"}`;
    context.report(draft, field.name, message, wanted === "int" ? "declare it as z.int()" : stringKeyFix(generate));
    return null;
  }
  // A default of its own says how the key comes about.
  if (field.default !== null) return "given";
  if (field.type.kind === "int") return "increment";
  if (field.type.kind === "string" && field.type.format === "uuidv7") return "uuid7";
  if (field.type.kind === "string" && field.type.format === "ulid") return "ulid";
  return "given";
}

function stringKeyFix(generate: KeyGeneration): string {
  return `declare it as ${generate === "ulid" ? "z.ulid()" : "z.uuidv7()"}`;
}

type Roles = ReadonlyMap<string, FieldRole>;

const ROLE_TYPE = {
  createdAt: { kind: "date", article: "a date", fix: "declare it as z.date()" },
  updatedAt: { kind: "date", article: "a date", fix: "declare it as z.date()" },
  version: { kind: "int", article: "an int", fix: "declare it as z.int()" },
} as const;

function resolveRoles(context: ResolveContext, building: Building): Roles {
  const { draft, fields } = building;
  const roles = new Map<string, FieldRole>();
  for (const role of ["createdAt", "updatedAt", "version"] as const) {
    const name = draft[role];
    if (name === null) continue;
    const rule = ROLE_TYPE[role];
    const field = fields.get(name);
    const taken = roles.get(name);
    if (field === undefined) {
      context.report(
        draft,
        name,
        `${draft.name} has no field \`${name}\` for ${role}`,
        didYouMean(name, fields.keys()),
      );
    } else if (field.type.kind !== rule.kind || field.nullable || field.optional || field.input !== null) {
      const actual = `${field.nullable ? "nullable " : field.optional ? "optional " : ""}${field.type.kind}`;
      const message = `field \`${name}\` of ${draft.name} is its ${role}, so it must be ${rule.article} that is always set; it is ${actual}`;
      context.report(draft, name, message, rule.fix);
    } else if (taken !== undefined) {
      const message = `field \`${name}\` of ${draft.name} cannot be both ${taken} and ${role}`;
      context.report(draft, name, message, "use two fields");
    } else if (draft.key.fields.includes(name)) {
      const message = `field \`${name}\` of ${draft.name} cannot be both the key and ${role}`;
      context.report(draft, name, message, "use two fields");
    } else {
      roles.set(name, role);
    }
  }
  return roles;
}

function withRole(building: Building, field: FieldMeta, roles: Roles): FieldMeta {
  const role = roles.get(field.name) ?? "plain";
  return { ...field, role, default: generatedDefault(building, field, role) ?? field.default };
}

function generatedDefault(building: Building, field: FieldMeta, role: FieldRole): DefaultMeta | null {
  if (role === "version") return { kind: "generated", by: "version" };
  if (role !== "plain") return { kind: "generated", by: "now" };
  const { keyGeneration, key } = building;
  return keyGeneration !== "given" && key[0] === field.name ? { kind: "generated", by: keyGeneration } : null;
}

export function didYouMean(name: string, known: Iterable<string>): string {
  const all = [...known];
  const near = nearest(name, all);
  return near === null ? listOf(all) : `did you mean \`${near}\`?`;
}
