/** The table of anomalies: every case on every engine and isolation level, as text for docs/transactions.md. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { embedded, memory } from "../../src/embedded.js";
import { createClient, defineModel, type Engine } from "../../src/index.js";
import { postgres } from "../../src/postgres.js";
import { sqlite } from "../../src/sqlite.js";
import { betterSqlite3, embeddedPostgres, nodeSqlite, pg } from "../support/drivers.js";
import { postgresUrl } from "../support/postgres-server.js";
import { CASES, type Db } from "./cases.js";
import { type Isolation, play, type Verdict } from "./play.js";

const Cell = defineModel("Cell", z.object({ id: z.int(), value: z.int() }), {
  key: { field: "id", generate: "given" },
});

interface Place {
  readonly engine: Engine;
  readonly isBlocked: (() => Promise<boolean>) | null;
  dispose(): Promise<void>;
}

export interface Column {
  readonly title: string;
  readonly isolation: Isolation;
  place(): Promise<Place>;
}

async function embeddedPlace(): Promise<Place> {
  return { engine: embedded({ storage: memory() }), isBlocked: null, dispose: async () => {} };
}

async function sqlitePlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "tenon-hermitage-"));
  return {
    engine: sqlite({ driver: (betterSqlite3 ?? nodeSqlite)!, path: join(folder, "test.db") }),
    isBlocked: null,
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}

async function postgresPlace(): Promise<Place> {
  const schema = `hermitage_${randomBytes(6).toString("hex")}`;
  const admin = new pg!.Pool({ connectionString: await postgresUrl(), max: 1 });
  admin.on("error", () => {});
  await admin.query(`create schema ${schema}`);
  const connectionString = `${await postgresUrl()}?application_name=${schema}&options=${encodeURIComponent(`-c search_path=${schema}`)}`;
  return {
    engine: postgres({ driver: pg!, connectionString }),
    isBlocked: async () => {
      const { rows } = await admin.query(
        "select count(*)::int as n from pg_stat_activity where application_name = $1 and cardinality(pg_blocking_pids(pid)) > 0",
        [schema],
      );
      return Number(rows[0]?.n) > 0;
    },
    dispose: async () => {
      await admin.query(`drop schema ${schema} cascade`);
      await admin.end();
    },
  };
}

const LEVELS = ["readCommitted", "snapshot", "serializable"] as const;

/** Engines with one writer are the same whatever is asked for; they are played with every level all the same. */
export const COLUMNS: readonly Column[] = [
  ...LEVELS.map((isolation): Column => ({ title: "embedded", isolation, place: embeddedPlace })),
  ...(betterSqlite3 === null && nodeSqlite === null
    ? []
    : LEVELS.map((isolation): Column => ({ title: "SQLite", isolation, place: sqlitePlace }))),
  ...(pg === null || !embeddedPostgres
    ? []
    : LEVELS.map((isolation): Column => ({ title: `PostgreSQL \`${isolation}\``, isolation, place: postgresPlace }))),
];

/** The verdicts of a column, in the order of the cases. */
export async function verdicts(column: Column): Promise<readonly Verdict[]> {
  const place = await column.place();
  try {
    const db: Db = await createClient<"cells">({ models: { Cell }, engine: place.engine });
    try {
      const found: Verdict[] = [];
      for (const one of CASES) found.push(await play(db, column.isolation, one, place.isBlocked));
      return found;
    } finally {
      await db.close();
    }
  } finally {
    await place.dispose();
  }
}

const SHOWN: Readonly<Record<Verdict, string>> = {
  happens: "**happens**",
  conflict: "conflict",
  waits: "waits",
  never: "–",
};

/** `columns`: titles with their verdicts, each title once. */
export function tableText(columns: readonly (readonly [string, readonly Verdict[]])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(["anomaly", ...columns.map(([title]) => title)]),
    line(["---", ...columns.map(() => "---")]),
    ...CASES.map(({ name, what }, index) =>
      line([`${name}: ${what}`, ...columns.map(([, found]) => SHOWN[found[index] ?? "never"])]),
    ),
  ].join("\n");
}

export const BEGIN = "<!-- isolation table: written by `npm run campaign -- hermitage`, checked by test/hermitage -->";
export const END = "<!-- end of the isolation table -->";

/** The text between the two marks. */
export function tableIn(page: string): string {
  return page.slice(page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)).trim();
}

export function withTable(page: string, table: string): string {
  return `${page.slice(0, page.indexOf(BEGIN) + BEGIN.length)}\n${table}\n${page.slice(page.indexOf(END))}`;
}
