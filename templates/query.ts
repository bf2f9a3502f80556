/**
 * The query builder of a model: immutable, each step narrows the row. `S` is the row's own part, `R` what its relations
 * add. Steps that change no type return `this`.
 */
import type { ModelMeta } from "../src/schema/model.js";
import { withMethod } from "../src/schema/naming.js";
import { valuesName } from "./repository.js";
import type { Scope } from "./scope.js";
import { heritage, methodText } from "./text.js";

export function renderQuery(model: ModelMeta, scope: Scope): string {
  const { name } = model;
  const query = `${name}Query`;
  const lines: string[] = [];
  const step = (call: string, parameters: readonly string[], result = "this", types: readonly string[] = []): void => {
    lines.push(methodText(call, types, parameters, result));
  };
  const fields = [`K extends keyof ${name}`];
  step("select", ["...fields: K[]"], `${query}<${scope.global("Pick")}<${name}, K>, R>`, fields);
  step("omit", ["...fields: K[]"], `${query}<${scope.shared("Without")}<S, K>, R>`, fields);
  const names = new Set([...model.fields, ...model.relations].map((member) => member.name));
  for (const relation of model.relations) {
    const target = scope.target(relation.target);
    const inner = scope.of(target, "Query");
    const row = `${scope.shared("RowOf")}<Q>`;
    const value = relation.arity === "many" ? `${row}[]` : relation.nullable ? `${row} | null` : row;
    const method = withMethod(relation.name);
    step(method, [`build?: (query: ${inner}) => Q`], `${query}<S, R & { ${relation.name}: ${value} }>`, [
      `Q extends ${scope.shared("QueryOf")}<${JSON.stringify(target.name)}> = ${inner}`,
    ]);
    if (relation.arity === "one" || names.has(`${relation.name}Count`)) continue;
    const counted = `${query}<S, R & { ${relation.name}Count: number }>`;
    step(`${method}Count`, [`build?: (query: ${inner}) => ${inner}`], counted);
  }
  const base = ["S & R", `${name}Where`, `${name}OrderBy`, valuesName(model), JSON.stringify(name)];
  const head = heritage(`${query}<out S = ${name}, out R = unknown>`, scope.shared("QuerySteps"), base);
  return [head, ...lines, "}"].join("\n");
}
