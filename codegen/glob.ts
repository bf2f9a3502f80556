/** Patterns of model modules: `*` within a name, `**` across folders, `{a,b}` alternatives. Order of results: by path. */
import { readdirSync } from "node:fs";
import { join, sep } from "node:path";

const SKIPPED = new Set(["node_modules", ".git", "dist"]);

export function isPattern(path: string): boolean {
  return /[*{]/.test(path);
}

/** Files below `root` that match, as absolute paths; test files and declarations are never models. */
export function expandPattern(pattern: string, root: string): readonly string[] {
  const clean = pattern.replaceAll("\\", "/").replace(/^\.\//, "");
  const steps = clean.split("/");
  const fixed = steps.slice(0, steps.findIndex(isPattern));
  const matcher = toRegExp(clean);
  const base = join(root, ...fixed);
  const found: string[] = [];
  walk(base, fixed.join("/"), (path) => {
    if (matcher.test(path) && !/\.(d|test|spec)\.[cm]?[jt]s$/.test(path))
      found.push(join(root, path.split("/").join(sep)));
  });
  return found.sort();
}

function walk(folder: string, prefix: string, visit: (path: string) => void): void {
  let entries: ReturnType<typeof list>;
  try {
    entries = list(folder);
  } catch {
    return;
  }
  for (const entry of entries) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (!entry.isDirectory()) visit(path);
    else if (!SKIPPED.has(entry.name)) walk(join(folder, entry.name), path, visit);
  }
}

function list(folder: string) {
  return readdirSync(folder, { withFileTypes: true });
}

function toRegExp(pattern: string): RegExp {
  let source = "";
  for (let i = 0; i < pattern.length; i++) {
    const rest = pattern.slice(i);
    const char = pattern[i] ?? "";
    if (rest.startsWith("**/")) {
      source += "(?:[^/]+/)*";
      i += 2;
    } else if (rest.startsWith("**")) {
      source += ".*";
      i += 1;
    } else if (char === "*") source += "[^/]*";
    else if (char === "{") source += "(?:";
    else if (char === "}") source += ")";
    else if (char === ",") source += "|";
    else source += char.replace(/[.+?^$()|[\]\\]/, "\\$&");
  }
  return new RegExp(`^${source}$`);
}
