/** The SQLite engine. The driver is yours to install and pass in: better-sqlite3, or Node's own node:sqlite. */
export { type SqliteOptions, sqlite } from "./engine/sqlite/sqlite.js";
