/** The public names of each entry, types included, as text: what `test/api/exports.txt` must say. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** One line per name: `tenon/embedded  file  function`. */
export function publicNames(root: string): string {
  const entries = readdirSync(join(root, "src"))
    .filter((name) => name.endsWith(".ts"))
    .sort();
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const program = ts.createProgram(
    entries.map((name) => join(root, "src", name)),
    options,
  );
  const checker = program.getTypeChecker();
  const lines: string[] = [];
  for (const entry of entries) {
    const file = program.getSourceFile(join(root, "src", entry));
    const module = file === undefined ? undefined : checker.getSymbolAtLocation(file);
    const name = entry === "index.ts" ? "tenon" : `tenon/${entry.replace(/\.ts$/, "")}`;
    for (const symbol of module === undefined ? [] : checker.getExportsOfModule(module)) {
      lines.push(`${name}  ${symbol.name}  ${kindOf(checker, symbol)}`);
    }
  }
  return `${lines.sort().join("\n")}\n`;
}

function kindOf(checker: ts.TypeChecker, symbol: ts.Symbol): string {
  const real = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  if (real.flags & ts.SymbolFlags.Class) return "class";
  if (real.flags & ts.SymbolFlags.Function) return "function";
  if (real.flags & ts.SymbolFlags.Value) return "const";
  return "type";
}
