/** What the passes of `resolve` share: the models under construction and the mistakes found so far. */
import type { SchemaIssue } from "../../base/errors.js";
import type { FieldDraft, ModelDraft, RelationDraft } from "../draft.js";
import type { FieldMeta, IndexMeta, KeyGeneration, RelationMeta, SourceLocation } from "../model.js";

/** A relation whose fields are known and checked, still without its inverse. */
export interface LinkedRelation {
  readonly draft: RelationDraft;
  meta: RelationMeta;
}

export interface Building {
  readonly draft: ModelDraft;
  collection: string;
  /** First declaration of each name. */
  readonly fields: Map<string, FieldDraft>;
  /** With roles and generated defaults, in declared order. */
  resolvedFields: FieldMeta[];
  /** Empty while the key is wrong, so that what depends on it stays silent. */
  key: readonly string[];
  keyGeneration: KeyGeneration;
  readonly relations: Map<string, LinkedRelation>;
  readonly indexes: IndexMeta[];
}

export class ResolveContext {
  readonly issues: SchemaIssue[] = [];
  /** By name; the first of duplicates. */
  readonly models = new Map<string, Building>();

  constructor(readonly drafts: readonly ModelDraft[]) {}

  report(
    model: ModelDraft,
    member: string | null,
    message: string,
    fix: string | null,
    location?: SourceLocation | null,
  ): void {
    const at = location ?? (member === null ? null : model.fieldLocations.get(member)) ?? model.location;
    this.issues.push({ model: model.name, member, message, fix, at });
  }
}

/** Whether the declaration of this member is wrong in itself, so that nothing more need be said about it. */
export function isBroken({ draft }: Building, member: string): boolean {
  return draft.issues.some((issue) => issue.member === member);
}

/** The names quoted and joined: "`a` and `b`". */
export function quoted(names: readonly string[]): string {
  const all = names.map((name) => `\`${name}\``);
  if (all.length <= 1) return all.join("");
  return `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}

export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

export function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}

/** "`Usr`; did you mean `User`?" needs the nearest name; without one, the list of what exists. */
export function listOf(names: Iterable<string>): string {
  const all = [...names];
  if (all.length === 0) return "there are none";
  const shown = all.slice(0, 12).join(", ");
  return `known are: ${shown}${all.length > 12 ? `, … (${all.length} in all)` : ""}`;
}
