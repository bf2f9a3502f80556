/**
 * Doc comments of the user's models, to be carried over where `.describe()` says nothing: above the constant or class of
 * a model, above the properties of its object literal, above the members of its class. Syntax only, no type checking;
 * ts-morph is loaded only when a file has a doc comment at all. Keys: `User`, `User.email`.
 */
import { readFileSync } from "node:fs";
import type { CallExpression, JSDocableNode, Node, ObjectLiteralExpression, SourceFile } from "ts-morph";
import type { Loaded } from "./load.js";

export async function scanComments(loaded: Loaded): Promise<ReadonlyMap<string, string>> {
  const comments = new Map<string, string>();
  const texts = loaded.files
    .filter((file) => file !== loaded.configFile && /\.[cm]?tsx?$/.test(file))
    .map((file) => ({ file, text: readFileSync(file, "utf8") }))
    .filter(({ text }) => /\/\*\*(?!\/)/.test(text));
  if (texts.length === 0) return comments;
  const { Project, Node: Kind, ts } = await import("ts-morph");
  const project = new Project({
    useInMemoryFileSystem: true,
    skipLoadingLibFiles: true,
    skipFileDependencyResolution: true,
    compilerOptions: { target: ts.ScriptTarget.ES2022, experimentalDecorators: true },
  });
  const sources = texts.map(({ text }, index) => project.createSourceFile(`/m${index}.ts`, text));
  const scanner = new Scanner(comments, Kind);
  for (const source of sources) scanner.scan(source);
  return comments;
}

type Kinds = typeof import("ts-morph").Node;

class Scanner {
  readonly #comments: Map<string, string>;
  readonly #kind: Kinds;

  constructor(comments: Map<string, string>, kind: Kinds) {
    this.#comments = comments;
    this.#kind = kind;
  }

  scan(source: SourceFile): void {
    for (const declaration of source.getClasses()) {
      const decorator = declaration.getDecorator("Model");
      if (decorator === undefined) continue;
      const model = nameGiven(decorator.getArguments()[0], this.#kind) ?? declaration.getName();
      if (model === undefined) continue;
      this.#take(model, declaration);
      for (const property of declaration.getProperties()) this.#take(`${model}.${property.getName()}`, property);
    }
    for (const statement of source.getVariableStatements())
      for (const declaration of statement.getDeclarations()) {
        const call = declaration.getInitializer();
        if (!this.#kind.isCallExpression(call) || call.getExpression().getText() !== "defineModel") continue;
        const [name, shape, options] = call.getArguments();
        if (!this.#kind.isStringLiteral(name)) continue;
        this.#take(name.getLiteralText(), statement);
        this.#properties(name.getLiteralText(), this.#shape(shape, source));
        this.#properties(name.getLiteralText(), this.#option(options, "relations"));
      }
  }

  /** `z.object({…})`, `z.strictObject({…})`, with any method after it, or a constant of the same file that is one. */
  #shape(node: Node | undefined, source: SourceFile): ObjectLiteralExpression | undefined {
    if (this.#kind.isIdentifier(node))
      return this.#shape(source.getVariableDeclaration(node.getText())?.getInitializer(), source);
    if (!this.#kind.isCallExpression(node)) return undefined;
    const callee = node.getExpression();
    if (!this.#kind.isPropertyAccessExpression(callee)) return undefined;
    if (/^(object|strictObject|looseObject)$/.test(callee.getName())) return objectArgument(node, this.#kind);
    return this.#shape(callee.getExpression(), source);
  }

  #option(node: Node | undefined, name: string): ObjectLiteralExpression | undefined {
    if (!this.#kind.isObjectLiteralExpression(node)) return undefined;
    const property = node.getProperty(name);
    const value = this.#kind.isPropertyAssignment(property) ? property.getInitializer() : undefined;
    return this.#kind.isObjectLiteralExpression(value) ? value : undefined;
  }

  #properties(model: string, literal: ObjectLiteralExpression | undefined): void {
    for (const property of literal?.getProperties() ?? []) {
      if (!this.#kind.isPropertyAssignment(property) && !this.#kind.isShorthandPropertyAssignment(property)) continue;
      const name = property.getName().replace(/^["']|["']$/g, "");
      const text = docBefore(property);
      if (text !== "") this.#comments.set(`${model}.${name}`, text);
    }
  }

  #take(key: string, node: JSDocableNode): void {
    const text = node
      .getJsDocs()
      .map((doc) => doc.getDescription().trim())
      .filter((line) => line !== "")
      .at(-1);
    if (text !== undefined) this.#comments.set(key, text);
  }
}

/** Properties of object literals have no JSDoc nodes in ts-morph's interface; the compiler attaches them all the same. */
function docBefore(node: Node): string {
  const docs = (node.compilerNode as { jsDoc?: readonly { readonly comment?: unknown }[] }).jsDoc ?? [];
  const comment = docs.at(-1)?.comment;
  return typeof comment === "string" ? comment.trim() : "";
}

function objectArgument(call: CallExpression, kind: Kinds): ObjectLiteralExpression | undefined {
  const [first] = call.getArguments();
  return kind.isObjectLiteralExpression(first) ? first : undefined;
}

/** `@Model({ name: "Person" })`. */
function nameGiven(node: Node | undefined, kind: Kinds): string | undefined {
  if (kind.isStringLiteral(node)) return node.getLiteralText();
  if (!kind.isObjectLiteralExpression(node)) return undefined;
  const property = node.getProperty("name");
  const value = kind.isPropertyAssignment(property) ? property.getInitializer() : undefined;
  return kind.isStringLiteral(value) ? value.getLiteralText() : undefined;
}
