/**
 * The client: `client.d.ts` names every repository, `client.js` is the only generated code that runs. It holds the hash
 * of the schema it was made from, so that the runtime can refuse a client older than the models.
 */
import type { Schema } from "../src/schema/model.js";
import type { Naming } from "./naming.js";
import { type RenderOptions, Scope } from "./scope.js";
import { HEADER, interfaceText, type Member } from "./text.js";

/** What `client.js` imports, and from where: the one place that knows. Called with `({ hash }, options)`. */
export const RUNTIME = { module: "tenon/runtime", bind: "createBoundClient" } as const;

export function renderClientTypes(schema: Schema, naming: Naming, options: RenderOptions): string {
  const scope = new Scope(schema, naming, options, "client");
  const { client, transaction } = naming;
  const repositories = "Repositories";
  const members = [...schema.models.values()].map(
    (model): Member => ({
      name: model.collection,
      readonly: true,
      type: [scope.of(model, "Repository")],
      description: scope.description(model.name, model.description),
    }),
  );
  const blocks = [
    interfaceText(repositories, members),
    interfaceText(
      `${transaction} extends ${repositories}, ${scope.shared("TransactionMethods")}<${transaction}>`,
      [],
      "The repositories within a transaction.",
    ),
    interfaceText(
      `${client} extends ${repositories}, ${scope.shared("ClientMethods")}<${transaction}>`,
      [],
      "The database: a repository a model, and transactions.",
    ),
    [
      "/** Opens the database; refuses when the models have changed since the last `tenon generate`. */",
      `export declare function createClient(options: ${scope.shared("ClientOptions")}<${transaction}>): ${scope.global("Promise")}<${client}>;`,
    ].join("\n"),
  ];
  const exports = [...schema.models.values()].map((model) => `export type * from "./${naming.file(model.name)}.js";`);
  return `${[HEADER, ...scope.imports(), ...exports].join("\n")}\n\n${blocks.join("\n\n")}\n`;
}

export function renderClientCode(schema: Schema): string {
  return `${HEADER}
import { ${RUNTIME.bind} } from "${RUNTIME.module}";

/** The schema that these files were generated from: the runtime compares it with the models. */
const generated = { hash: ${JSON.stringify(schema.hash)} };

export function createClient(options) {
  return ${RUNTIME.bind}(generated, options);
}
`;
}
