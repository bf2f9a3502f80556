/** Tenon on SQLite through better-sqlite3, WAL, synchronous NORMAL: a commit is acknowledged when the operating system has it. */
import { join } from "node:path";
import Database from "better-sqlite3";
import { sqlite } from "../../dist/src/sqlite.js";
import { openEngine } from "./tenon.mjs";

export const levels = ["read", "os"];
export const open = (dir) =>
  openEngine(sqlite({ driver: Database, path: join(dir, "blog.db"), durability: "relaxed" }));
