/**
 * The query builder of a model: immutable, each step narrows the row. `S` is the row's own part, `R` what its relations
 * add. Steps that change no type return `this`.
 */
import type { ModelMeta } from "../src/schema/model.js";
import { withMethod } from "../src/schema/naming.js";
import { valuesName } from "./repository.js";
import type { Scope } from "./scope.js";
import { methodText } from "./text.js";

export function renderQuery(model: ModelMeta, scope: Scope): string {
  const { name } = model;
  const query = `${name}Query`;
  const where = `${name}Where`;
  const values = `keyof ${valuesName(model)}`;
  const rows = scope.shared("Rows");
  const promise = (type: string): string => `${scope.global("Promise")}<${type}>`;
  const lines: string[] = [];
  const step = (call: string, parameters: readonly string[], result = "this", types: readonly string[] = []): void => {
    lines.push(methodText(call, types, parameters, result));
  };
  step("where", [`where: ${where}`]);
  step("orderBy", [
    `by: ${values} | ${name}OrderBy | readonly ${name}OrderBy[]`,
    `direction?: ${scope.shared("Direction")}`,
  ]);
  step("limit", ["count: number"]);
  step("offset", ["count: number"]);
  step("after", [`row: ${scope.global("Partial")}<${name}>`]);
  step("distinct", [`...fields: (${values})[]`]);
  const fields = [`K extends keyof ${name}`];
  step("select", ["...fields: K[]"], `${query}<${scope.global("Pick")}<${name}, K>, R>`, fields);
  step("omit", ["...fields: K[]"], `${query}<${scope.global("Omit")}<S, K>, R>`, fields);
  const names = new Set([...model.fields, ...model.relations].map((member) => member.name));
  for (const relation of model.relations) {
    const target = scope.target(relation.target);
    const inner = scope.of(target, "Query");
    const value = relation.arity === "many" ? "U[]" : relation.nullable ? "U | null" : "U";
    const method = withMethod(relation.name);
    step(method, [`build?: (query: ${inner}) => ${rows}<U>`], `${query}<S, R & { ${relation.name}: ${value} }>`, [
      `U = ${scope.of(target)}`,
    ]);
    if (relation.arity === "one" || names.has(`${relation.name}Count`)) continue;
    const counted = `${query}<S, R & { ${relation.name}Count: number }>`;
    step(`${method}Count`, [`build?: (query: ${inner}) => ${inner}`], counted);
  }
  const options = `options?: ${scope.shared("CallOptions")}`;
  const row = "S & R";
  step("all", [options], promise(`(${row})[]`));
  step("first", [options], promise(`(${row}) | null`));
  step("firstOrThrow", [options], promise(row));
  lines.push(methodText("one", [], [options], promise(row), "The only row that matches: none or several are errors."));
  step("count", [options], promise("number"));
  step("exists", [options], promise("boolean"));
  step("stream", [`options?: ${scope.shared("StreamOptions")}`], `${scope.global("AsyncIterable")}<${row}>`);
  step("explain", [`options?: ${scope.shared("ExplainOptions")}`], promise(scope.shared("Plan")));
  return [`export interface ${query}<out S = ${name}, out R = unknown> extends ${rows}<S & R> {`, ...lines, "}"].join(
    "\n",
  );
}
