/** Pass 2: field names and columns are legal and unique; nested property names are legal. */
import type { FieldType, PropertyMeta } from "../model.js";
import { columnNameProblem, memberNameProblem, propertyNameProblem, safeName } from "../naming.js";
import type { Building, ResolveContext } from "./context.js";

export function resolveFields(context: ResolveContext): void {
  for (const building of context.models.values()) {
    collectFields(context, building);
    checkColumns(context, building);
  }
}

function collectFields(context: ResolveContext, building: Building): void {
  const { draft, fields } = building;
  const byLower = new Map<string, string>();
  for (const field of draft.fields) {
    const problem = memberNameProblem(field.name);
    if (problem !== null) {
      const fix = `rename it, for example to \`${safeName(field.name)}\``;
      context.report(draft, field.name, `the field name \`${field.name}\` of ${draft.name} ${problem}`, fix);
    }
    const lower = field.name.toLowerCase();
    const other = byLower.get(lower);
    if (other === field.name) {
      context.report(draft, field.name, `field \`${field.name}\` of ${draft.name} is declared twice`, "remove one");
    } else if (other !== undefined) {
      const message = `fields \`${other}\` and \`${field.name}\` of ${draft.name} differ only in case`;
      context.report(draft, field.name, message, "rename one of them: SQL columns do not tell case apart");
    }
    if (other === undefined) byLower.set(lower, field.name);
    if (!fields.has(field.name)) fields.set(field.name, field);
    checkProperties(context, building, field.name, field.type);
  }
  if (fields.size === 0 && draft.issues.length === 0) {
    context.report(draft, null, `${draft.name} has no fields`, "declare at least its key, such as `id: z.int()`");
  }
}

function checkColumns(context: ResolveContext, building: Building): void {
  const { draft, fields } = building;
  const byLower = new Map<string, string>();
  for (const field of fields.values()) byLower.set(field.name.toLowerCase(), field.name);
  for (const field of fields.values()) {
    if (field.column === field.name) continue;
    const problem = columnNameProblem(field.column);
    if (problem !== null) {
      const message = `the column name \`${field.column}\` of ${draft.name}.${field.name} ${problem}`;
      context.report(draft, field.name, message, `use a name such as \`${safeName(field.column)}\``);
    }
    const other = byLower.get(field.column.toLowerCase());
    if (other !== undefined && other !== field.name) {
      const message = `fields \`${other}\` and \`${field.name}\` of ${draft.name} have the same column \`${field.column}\``;
      context.report(draft, field.name, message, "give one of them another column");
    }
    byLower.set(field.column.toLowerCase(), field.name);
  }
}

function checkProperties(context: ResolveContext, building: Building, field: string, type: FieldType): void {
  visitProperties(type, (property, path) => {
    const problem = propertyNameProblem(property.name);
    if (problem === null) return;
    const at = [field, ...path].join(".");
    const message = `the property name \`${property.name}\` in \`${at}\` of ${building.draft.name} ${problem}`;
    context.report(building.draft, field, message, "rename the property, or store the value as a z.record");
  });
}

function visitProperties(
  type: FieldType,
  visit: (property: PropertyMeta, path: readonly string[]) => void,
  path: readonly string[] = [],
): void {
  if (type.kind === "array") visitProperties(type.element, visit, path);
  if (type.kind === "record") visitProperties(type.value, visit, path);
  if (type.kind === "union") for (const option of type.options) visitProperties(option, visit, path);
  if (type.kind === "tuple") for (const item of type.items) visitProperties(item, visit, path);
  if (type.kind !== "object") return;
  for (const property of type.properties) {
    visit(property, path);
    visitProperties(property.type, visit, [...path, property.name]);
  }
}
