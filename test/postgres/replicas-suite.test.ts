/**
 * The specs of what is seen when, on a primary with a replica: reads wait for the replica, so that everything the specs write
 * is read from there, and every promise must hold all the same.
 */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postgres } from "../../src/postgres.js";
import { abort } from "../conformance/abort.spec.js";
import { admin as administration } from "../conformance/admin.spec.js";
import { client } from "../conformance/client.spec.js";
import { close } from "../conformance/close.spec.js";
import { failedWrites } from "../conformance/failed-writes.spec.js";
import { foreignKeys } from "../conformance/foreign-keys.spec.js";
import { populate } from "../conformance/populate.spec.js";
import { savepoints } from "../conformance/savepoints.spec.js";
import { snapshots } from "../conformance/snapshots.spec.js";
import { stream } from "../conformance/stream.spec.js";
import { transactions } from "../conformance/transactions.spec.js";
import { writes } from "../conformance/writes.spec.js";
import { embeddedPostgres, pg, type TestPool } from "../support/drivers.js";
import { PostgresCluster } from "../support/postgres-cluster.js";
import type { Place, Target } from "../support/target.js";

const SPECS = [
  writes,
  populate,
  foreignKeys,
  transactions,
  savepoints,
  failedWrites,
  snapshots,
  abort,
  close,
  stream,
  administration,
  client,
];

describe.runIf(pg !== null && embeddedPostgres)("a primary and a replica", () => {
  let cluster: PostgresCluster;
  let admin: TestPool;
  beforeAll(async () => {
    cluster = await PostgresCluster.start(1);
    admin = new pg!.Pool({ connectionString: cluster.primary.url, max: 2 });
    admin.on("error", () => {});
  });
  afterAll(async () => {
    await admin.end();
    await cluster.dispose();
  });

  async function place(): Promise<Place> {
    const schema = `place_${randomBytes(6).toString("hex")}`;
    await admin.query(`create schema ${schema}`);
    const options = encodeURIComponent(`-c search_path=${schema} -c client_min_messages=warning`);
    const [connectionString = "", ...replicas] = [cluster.primary, ...cluster.replicas].map(
      ({ url }) => `${url}?options=${options}`,
    );
    return {
      engine: () => postgres({ driver: pg!, connectionString, replicas, max: 5, afterWrite: "wait" }),
      dispose: async () => {
        await admin.query(`drop schema ${schema} cascade`);
      },
    };
  }
  const target: Target = {
    name: "postgres with a replica",
    factories: ["postgres"],
    capabilities: {
      isolation: "snapshot",
      writers: "many",
      durable: true,
      reopens: true,
      lacks: ["anyStrings", "denseKeys", "anyDates", "longIndexedValues", "keyOrder", "oneWriter", "copies"],
    },
    place,
  };
  for (const spec of SPECS) spec(target);

  test("it was the replica that answered", async () => {
    const reads = async (server: { readonly url: string }) => {
      const pool = new pg!.Pool({ connectionString: server.url, max: 1 });
      const { rows } = await pool.query(
        "select sum(xact_commit)::int as n from pg_stat_database where datname = 'postgres'",
      );
      await pool.end();
      return Number(rows[0]?.n);
    };
    expect(await reads(cluster.replicas[0]!)).toBeGreaterThan(500);
  });
});
