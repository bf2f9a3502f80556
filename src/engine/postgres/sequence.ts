/**
 * The identity's sequence must be past every key that was given explicitly. `nextval` never goes back, so a small gap is
 * walked; a large one is jumped with `setval` under a lock that everyone here takes. Nothing is done when it is past already.
 */
import type { ModelMeta } from "../../schema/model.js";
import type { SqlConnection } from "../sql/session.js";
import { postgresDialect as dialect } from "./dialect.js";

const WALKED_MOST = 1000;
const LOCK_SPACE = 7_363_691;

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export async function advanceSequence(connection: SqlConnection, model: ModelMeta): Promise<void> {
  const table = dialect.quote(model.collection);
  const column = model.fields.find((field) => field.name === model.key[0])?.column ?? "";
  const kept = dialect.quote(column).slice(1, -1);
  const sequence = `pg_get_serial_sequence(${literal(table)}, ${literal(kept)})`;
  const behind = `(select greatest(max(${dialect.quote(column)}), 0) from ${table}) - coalesce(pg_sequence_last_value(${sequence}::regclass), 0)`;
  const ask = async (text: string) => Number((await connection.query({ text, params: [] }))[0]?.[0] ?? 0);
  const gap = await ask(`select ${behind}`);
  if (gap <= 0) return;
  if (gap <= WALKED_MOST) {
    await ask(`select count(nextval(${sequence})) from generate_series(1, ${gap})`);
    return;
  }
  await ask(`select 1 from (select pg_advisory_xact_lock(${LOCK_SPACE}, hashtext(${literal(table)}))) as lock`);
  await ask(
    `select case when gap > 0 then setval(${sequence}, coalesce(pg_sequence_last_value(${sequence}::regclass), 0) + gap) end from (select ${behind} as gap) as behind`,
  );
}
