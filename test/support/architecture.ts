/**
 * The house rules as functions from a tree of source files to a list of complaints. `architecture.test.ts` runs them on the
 * real tree; its self-tests run them on small trees that break one rule each, so that a rule that cannot fail is noticed.
 */
import { posix } from "node:path";
import ts from "typescript";

/** Path relative to the package root (posix) -> text. */
export type Tree = ReadonlyMap<string, string>;

export interface LayerTable {
  /** Folder -> folders it may import besides itself. */
  readonly layers: Readonly<Record<string, readonly string[]>>;
  /** Package -> folders that may import it. */
  readonly external: Readonly<Record<string, readonly string[]>>;
}

interface Import {
  readonly specifier: string;
  readonly line: number;
}

export interface SourceTree {
  readonly files: ReadonlyMap<string, ts.SourceFile>;
  readonly imports: ReadonlyMap<string, readonly Import[]>;
}

export function parseTree(tree: Tree): SourceTree {
  const files = new Map<string, ts.SourceFile>();
  const imports = new Map<string, readonly Import[]>();
  for (const [path, text] of tree) {
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
    files.set(path, file);
    imports.set(path, importsOf(file));
  }
  return { files, imports };
}

function lineOf(file: ts.SourceFile, node: ts.Node): number {
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** Static, re-exporting, dynamic and type-only (`import("x").T`) imports alike. */
function importsOf(file: ts.SourceFile): readonly Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined) => {
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) {
      found.push({ specifier: specifier.text, line: lineOf(file, node) });
    }
  };
  walk(file, (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node, node.moduleSpecifier);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node, node.arguments[0]);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node, node.argument.literal);
  });
  return found;
}

/** The row of the layer table that a file belongs to: longest prefix; `src` itself means the files directly in src. */
export function layerOf(path: string, table: LayerTable): string | null {
  const folder = posix.dirname(path);
  let best: string | null = null;
  for (const layer of Object.keys(table.layers)) {
    const inside = layer === "src" ? folder === "src" : folder === layer || folder.startsWith(`${layer}/`);
    if (inside && (best === null || layer.length > best.length)) best = layer;
  }
  return best;
}

function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0]!;
}

function resolveRelative(from: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(from), specifier)).replace(/\.js$/, ".ts");
}

export function layerViolations(tree: SourceTree, table: LayerTable): readonly string[] {
  const complaints: string[] = [];
  for (const [path, imports] of tree.imports) {
    const layer = layerOf(path, table);
    if (layer === null) {
      complaints.push(`${path}: its folder has no row in test/layers.json`);
      continue;
    }
    for (const { specifier, line } of imports) {
      const at = `${path}:${line}`;
      if (specifier.startsWith("node:")) continue;
      if (!specifier.startsWith(".")) {
        const name = packageOf(specifier);
        const allowed = Object.hasOwn(table.external, name) ? table.external[name]! : null;
        if (allowed === null) complaints.push(`${at}: package "${name}" is not in the table of external packages`);
        else if (!allowed.includes(layer)) complaints.push(`${at}: ${layer} must not import package "${name}"`);
        continue;
      }
      if (!specifier.endsWith(".js") && !specifier.endsWith(".json")) {
        complaints.push(`${at}: "${specifier}" lacks its .js suffix`);
      }
      const target = resolveRelative(path, specifier);
      const targetLayer = layerOf(target, table);
      if (targetLayer === null) complaints.push(`${at}: ${target} is outside of every layer`);
      else if (targetLayer !== layer && !table.layers[layer]!.includes(targetLayer)) {
        complaints.push(`${at}: ${layer} must not import ${targetLayer} (${specifier})`);
      }
    }
  }
  return complaints;
}

/** Strongly connected components of the file graph with more than one file (or a file that imports itself); Tarjan. */
export function importCycles(tree: SourceTree): readonly string[] {
  const edges = new Map<string, readonly string[]>();
  for (const [path, imports] of tree.imports) {
    const targets = imports.filter((i) => i.specifier.startsWith(".")).map((i) => resolveRelative(path, i.specifier));
    edges.set(
      path,
      targets.filter((target) => tree.files.has(target)),
    );
  }
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string): void => {
    index.set(path, index.size);
    low.set(path, index.get(path)!);
    stack.push(path);
    onStack.add(path);
    for (const target of edges.get(path)!) {
      if (!index.has(target)) {
        visit(target);
        low.set(path, Math.min(low.get(path)!, low.get(target)!));
      } else if (onStack.has(target)) low.set(path, Math.min(low.get(path)!, index.get(target)!));
    }
    if (low.get(path) !== index.get(path)) return;
    const component = stack.splice(stack.indexOf(path));
    for (const member of component) onStack.delete(member);
    if (component.length > 1 || edges.get(path)!.includes(path)) cycles.push(component.sort().join(" <-> "));
  };
  for (const path of edges.keys()) if (!index.has(path)) visit(path);
  return cycles;
}

const BARE_ERRORS = new Set(["Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "AggregateError"]);

function isBareError(node: ts.Node | undefined): boolean {
  return (
    node !== undefined &&
    (ts.isNewExpression(node) || ts.isCallExpression(node)) &&
    ts.isIdentifier(node.expression) &&
    BARE_ERRORS.has(node.expression.text)
  );
}

/** `throw new Error(…)` and `reject(new Error(…))`: users must only ever see TenonErrors. */
export function bareThrows(tree: SourceTree): readonly string[] {
  const complaints: string[] = [];
  for (const [path, file] of tree.files) {
    walk(file, (node) => {
      const thrown = ts.isThrowStatement(node) && isBareError(node.expression);
      const rejected =
        ts.isCallExpression(node) &&
        /(^|\.)reject$/.test(node.expression.getText(file)) &&
        isBareError(node.arguments[0]);
      if (thrown || rejected)
        complaints.push(`${path}:${lineOf(file, node)}: bare error; use a class of src/base/errors.ts`);
    });
  }
  return complaints;
}

export function explicitAny(tree: SourceTree): readonly string[] {
  const complaints: string[] = [];
  for (const [path, file] of tree.files) {
    walk(file, (node) => {
      if (node.kind === ts.SyntaxKind.AnyKeyword) complaints.push(`${path}:${lineOf(file, node)}: explicit any`);
    });
  }
  return complaints;
}

export function defaultExports(tree: SourceTree): readonly string[] {
  const complaints: string[] = [];
  for (const [path, file] of tree.files) {
    for (const statement of file.statements) {
      const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
      const named =
        ts.isExportDeclaration(statement) &&
        statement.exportClause !== undefined &&
        ts.isNamedExports(statement.exportClause) &&
        statement.exportClause.elements.some((element) => element.name.text === "default");
      if (ts.isExportAssignment(statement) || named || modifiers.some((m) => m.kind === ts.SyntaxKind.DefaultKeyword)) {
        complaints.push(`${path}:${lineOf(file, statement)}: default export`);
      }
    }
  }
  return complaints;
}

/** Outside of the entries (src/*.ts): no `export *`, and no file that consists of re-exports only. */
export function barrels(tree: SourceTree): readonly string[] {
  const complaints: string[] = [];
  for (const [path, file] of tree.files) {
    if (posix.dirname(path) === "src") continue;
    const reexports = file.statements.filter((s) => ts.isExportDeclaration(s) && s.moduleSpecifier !== undefined);
    for (const statement of reexports) {
      if (ts.isExportDeclaration(statement) && statement.exportClause === undefined) {
        complaints.push(`${path}:${lineOf(file, statement)}: export * outside of the entries`);
      }
    }
    if (reexports.length > 0 && reexports.length === file.statements.length) {
      complaints.push(`${path}: a barrel: it only re-exports`);
    }
  }
  return complaints;
}

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;

export function badNames(paths: Iterable<string>): readonly string[] {
  const complaints: string[] = [];
  for (const path of paths) {
    const steps = path.replace(/(\.d)?\.ts$/, "").split("/");
    if (!steps.every((step) => KEBAB.test(step))) complaints.push(`${path}: not kebab-case`);
  }
  return complaints;
}

export function lineCounts(tree: Tree): readonly { readonly path: string; readonly lines: number }[] {
  return [...tree].map(([path, text]) => ({ path, lines: text.split("\n").length - (text.endsWith("\n") ? 1 : 0) }));
}

export function tooLong(tree: Tree, limit: number): readonly string[] {
  return lineCounts(tree)
    .filter(({ lines }) => lines > limit)
    .map(({ path, lines }) => `${path}: ${lines} lines`);
}
