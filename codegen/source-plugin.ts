/**
 * A Babel plugin that runs while the user's modules are compiled for generation, so that their syntax is read once: where
 * models and their members are declared, the doc comments above them, and what each module imports. Compiled modules are
 * cached on disk, so the findings travel inside them: the plugin puts in a call of `globalThis[REPORT](file, json)`.
 * Syntax only. Keys are `User` and `User.email`; lines count from 0, columns from 0.
 */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Declared {
  readonly key: string;
  readonly line: number;
  readonly column: number;
  readonly comment: string | null;
}

/** Where a model or a member is declared: line and column from 0, and the doc comment above it. */
export interface Place extends Declared {
  readonly file: string;
}

export interface ModuleReport {
  readonly declared: readonly Declared[];
  /** Specifiers of static and literal dynamic imports and re-exports; null: something is imported that only runs tell. */
  readonly imports: readonly string[] | null;
}

/** The name of the global function, and the version of the report: a cache of another version is another folder. */
export const REPORT_VERSION = 1;
export const REPORT = "__tenonModuleReport";

/** As much of Babel's tree as is looked at. */
interface Node {
  readonly type: string;
  readonly loc?: { readonly start: { readonly line: number; readonly column: number } } | null;
  readonly leadingComments?: readonly { readonly type: string; readonly value: string }[] | null;
  readonly [key: string]: unknown;
}
interface Path {
  readonly node: Node;
  readonly parent: Node;
  readonly parentPath: Path | null;
  traverse(visitor: object): void;
}

export function sourcePlugin() {
  return {
    visitor: {
      Program(path: Path, state: { readonly opts: { readonly file?: string } }) {
        const module = new ModuleReader(path, state.opts.file ?? null);
        const body = path.node.body as Node[];
        body.unshift(reportStatement(module.read()));
      },
    },
  };
}

/** `globalThis.__tenonModuleReport(__filename, "…");`, before all imports: it must be heard though an import fails. */
function reportStatement(report: ModuleReport): Node {
  const identifier = (name: string): Node => ({ type: "Identifier", name });
  return {
    type: "ExpressionStatement",
    _blockHoist: 10,
    expression: {
      type: "CallExpression",
      callee: {
        type: "MemberExpression",
        computed: false,
        object: identifier("globalThis"),
        property: identifier(REPORT),
      },
      arguments: [identifier("__filename"), { type: "StringLiteral", value: JSON.stringify(report) }],
    },
  };
}

class ModuleReader {
  readonly #program: Path;
  readonly #file: string | null;
  readonly #declared = new Map<string, Declared>();
  readonly #imports = new Set<string>();
  /** Local name -> the name in `tenon` that it stands for. */
  readonly #names = new Map<string, string>();
  /** Top-level constants, for shapes that are declared apart. */
  readonly #constants = new Map<string, Node>();
  #opaque = false;

  constructor(program: Path, file: string | null) {
    this.#program = program;
    this.#file = file;
  }

  read(): ModuleReport {
    for (const statement of this.#program.node.body as readonly Node[]) this.#statement(statement);
    this.#program.traverse({
      CallExpression: (path: Path) => this.#call(path),
      ImportExpression: (path: Path) => this.#imported(path.node.source as Node),
      Class: (path: Path) => this.#class(path),
      ClassProperty(path: Path) {
        // Babel refuses a decorated `id!: number`, because legacy decorators give the field an initializer. The mark
        // means nothing at run time, so it is taken away before anybody sees it.
        (path.node as { definite?: unknown }).definite = null;
      },
    });
    return { declared: [...this.#declared.values()], imports: this.#opaque ? null : [...this.#imports] };
  }

  #statement(node: Node): void {
    if (node.source !== undefined && node.source !== null) this.#imported(node.source as Node);
    if (node.type === "ImportDeclaration" && (node.source as Node).value === "tenon")
      for (const specifier of node.specifiers as readonly Node[]) {
        const imported = specifier.imported as Node | undefined;
        if (imported !== undefined)
          this.#names.set(String((specifier.local as Node).name), String(imported.name ?? imported.value));
      }
    const declaration = (node.type === "ExportNamedDeclaration" ? node.declaration : node) as Node | null;
    if (declaration?.type !== "VariableDeclaration") return;
    for (const each of declaration.declarations as readonly Node[]) {
      const { id, init } = each as Node & { readonly id: Node; readonly init: Node | null };
      if (id.type === "Identifier" && init !== null) this.#constants.set(String(id.name), init);
    }
  }

  #imported(source: Node): void {
    if (source.type !== "StringLiteral") {
      this.#opaque = true;
      return;
    }
    const specifier = this.#file === null ? null : typescriptOf(String(source.value), this.#file);
    if (specifier !== null) (source as { value?: unknown }).value = specifier;
    this.#imports.add(String(source.value));
  }

  /** `defineModel("User", shape, options)`, wherever it stands. */
  #call(path: Path): void {
    const { node } = path;
    const callee = node.callee as Node;
    const [first, shape, options] = node.arguments as readonly (Node | undefined)[];
    const imports = callee.type === "Import" || (callee.type === "Identifier" && callee.name === "require");
    if (imports && first !== undefined) this.#imported(first);
    if (this.#tenonName(callee) !== "defineModel" || first?.type !== "StringLiteral") return;
    const model = String(first.value);
    const owner = path.parentPath;
    const named = owner?.node.type === "VariableDeclarator" ? (owner.node.id as Node) : first;
    this.#add(model, named, statementComment(path));
    this.#members(model, this.#shapeOf(shape, 0));
    this.#members(model, optionOf(options, "relations"));
  }

  /** `@Model() class User { @Field(…) email … }` */
  #class(path: Path): void {
    const { node } = path;
    const decorator = decoratorsOf(node).find((each) => this.#decoratorName(each) === "Model");
    if (decorator === undefined) return;
    const id = node.id as Node | null;
    const model = nameGiven(decorator) ?? (id === null ? null : String(id.name));
    if (model === null) return;
    this.#add(model, id ?? node, commentOf(...decoratorsOf(node), node, path.parent));
    for (const member of (node.body as Node).body as readonly Node[]) {
      const name = keyName(member);
      if (name === null || decoratorsOf(member).length === 0) continue;
      this.#add(`${model}.${name}`, member.key as Node, commentOf(...decoratorsOf(member), member));
    }
  }

  #decoratorName(decorator: Node): string | null {
    const expression = decorator.expression as Node;
    return this.#tenonName(expression.type === "CallExpression" ? (expression.callee as Node) : expression);
  }

  /** What an expression is called in `tenon`: by its import, or as a member of a namespace import. */
  #tenonName(node: Node): string | null {
    if (node.type === "Identifier") return this.#names.get(String(node.name)) ?? null;
    if (node.type !== "MemberExpression" || node.computed === true) return null;
    return String((node.property as Node).name);
  }

  /** The literal in `z.object({…})`, `z.strictObject({…}).refine(…)`, or in a constant of this file that is one. */
  #shapeOf(node: Node | undefined, depth: number): Node | undefined {
    if (node === undefined || depth > 20) return undefined;
    if (node.type === "Identifier") return this.#shapeOf(this.#constants.get(String(node.name)), depth + 1);
    if (node.type === "ObjectExpression") return node;
    if (node.type !== "CallExpression") return undefined;
    const callee = node.callee as Node;
    const [first] = node.arguments as readonly (Node | undefined)[];
    const name = callee.type === "MemberExpression" ? String((callee.property as Node).name) : String(callee.name);
    // A function of the user that takes the shape, as `stamped({ … })`, is read as one that passes it on.
    if (/^(?:object|strictObject|looseObject|interface)$/.test(name) || callee.type === "Identifier")
      return this.#shapeOf(first, depth + 1);
    return callee.type === "MemberExpression" ? this.#shapeOf(callee.object as Node, depth + 1) : undefined;
  }

  #members(model: string, literal: Node | undefined): void {
    for (const property of (literal?.properties ?? []) as readonly Node[]) {
      const name = keyName(property);
      if (name !== null) this.#add(`${model}.${name}`, property.key as Node, commentOf(property));
    }
  }

  #add(key: string, node: Node, comment: string | null): void {
    const start = node.loc?.start;
    if (start === undefined || this.#declared.has(key)) return;
    this.#declared.set(key, { key, line: start.line - 1, column: start.column, comment });
  }
}

/**
 * `./user.js` and `./user` as TypeScript reads them: `./user.ts` where that exists. The loader finds it too, after a dozen
 * failed attempts for each import, which is most of the time that a hundred small modules take.
 */
function typescriptOf(specifier: string, file: string): string | null {
  if (!/^\.\.?\//.test(specifier) || specifier.includes("?")) return null;
  const stem = specifier.replace(/\.js$/, "");
  const candidates = /\.(?:[cm]?ts|mjs|cjs|json)$/.test(specifier) ? [] : [`${stem}.ts`, `${stem}/index.ts`];
  return candidates.find((each) => existsSync(join(dirname(file), each))) ?? null;
}

function decoratorsOf(node: Node): readonly Node[] {
  return (node.decorators as readonly Node[] | null | undefined) ?? [];
}

/** The name of a property, method or class member; null when it is computed. */
function keyName(node: Node): string | null {
  const key = node.key as Node | undefined;
  if (key === undefined || node.computed === true) return null;
  if (key.type === "Identifier") return String(key.name);
  return key.type === "StringLiteral" ? String(key.value) : null;
}

function optionOf(node: Node | undefined, name: string): Node | undefined {
  if (node?.type !== "ObjectExpression") return undefined;
  const property = (node.properties as readonly Node[]).find((each) => keyName(each) === name);
  const value = property?.value as Node | undefined;
  return value?.type === "ObjectExpression" ? value : undefined;
}

/** `@Model("Person")`, `@Model({ name: "Person" })`. */
function nameGiven(decorator: Node): string | null {
  const expression = decorator.expression as Node;
  const [first] = (expression.arguments ?? []) as readonly (Node | undefined)[];
  if (first?.type === "StringLiteral") return String(first.value);
  if (first?.type !== "ObjectExpression") return null;
  const property = (first.properties as readonly Node[]).find((each) => keyName(each) === "name");
  const value = property?.value as Node | undefined;
  return value?.type === "StringLiteral" ? String(value.value) : null;
}

/** The doc comment above the statement that holds a call. */
function statementComment(path: Path): string | null {
  let at: Path | null = path;
  while (at !== null && at.parent.type !== "Program") at = at.parentPath;
  const declaration = at?.node.declaration as Node | null | undefined;
  return at === null ? null : commentOf(...(declaration ? [declaration] : []), at.node);
}

/** The description of the last doc comment before any of these nodes. */
function commentOf(...nodes: readonly Node[]): string | null {
  for (const node of nodes) {
    const docs = (node.leadingComments ?? []).filter(
      ({ type, value }) => type === "CommentBlock" && /^\*[^*]/.test(value),
    );
    const text = docs.length === 0 ? "" : descriptionOf(docs[docs.length - 1]?.value ?? "");
    if (text !== "") return text;
  }
  return null;
}

/** What stands before the first tag, without the stars. */
function descriptionOf(value: string): string {
  const lines = value
    .slice(1)
    .split(/\r\n|\r|\n/)
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd());
  const tag = lines.findIndex((line) => /^\s*@\w/.test(line));
  return (tag < 0 ? lines : lines.slice(0, tag)).join("\n").trim();
}
