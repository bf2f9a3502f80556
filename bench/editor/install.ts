/** The peers' packages: each in a folder of its own (`peers/<name>`), so that one that cannot be had keeps no other back. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const PEERS = fileURLToPath(new URL("peers", import.meta.url));
const ARGS = ["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"];
const INSTALL_MS = 240_000;

/** Where the packages of a peer are. */
export const modulesOf = (name: string): string => join(PEERS, name, "node_modules");

/** Installs a peer once; null when it is there, else the reason why not. */
export function install(name: string): string | null {
  const ready = join(modulesOf(name), ".ready");
  if (existsSync(ready)) return null;
  process.stderr.write(`installing ${name} (once) …\n`);
  const { status, stderr, error } = spawnSync("npm", ARGS, {
    cwd: join(PEERS, name),
    encoding: "utf8",
    timeout: INSTALL_MS,
    shell: process.platform === "win32",
  });
  if (status !== 0)
    return `not installed: ${error?.message ?? stderr.split("\n").find((line) => line.trim() !== "") ?? `npm ended with ${status}`}`;
  writeFileSync(ready, "");
  return null;
}

/** What is installed under the name of a package. */
export function versionOf(peer: string, name: string): string {
  const manifest = JSON.parse(readFileSync(join(modulesOf(peer), name, "package.json"), "utf8")) as { version: string };
  return manifest.version;
}
