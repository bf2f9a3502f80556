/** examples/service as its users meet it: a process of its own, over HTTP, on the real PostgreSQL and on the embedded engine. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { embeddedPostgres, pg } from "../support/drivers.js";
import { makeHome } from "../support/postgres-home.js";
import { PostgresServer, postgresUrl } from "../support/postgres-server.js";
import { folder } from "./support.js";

const SERVICE = resolve(import.meta.dirname, "../../examples/service");

class Shop {
  readonly #process: ChildProcess;
  readonly url: string;
  output: string;

  private constructor(process: ChildProcess, url: string, output: string) {
    this.#process = process;
    this.url = url;
    this.output = output;
    process.stdout!.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    process.stderr!.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
  }

  static async start(...args: string[]): Promise<Shop> {
    const child = spawn(
      process.execPath,
      ["--import", import.meta.resolve("tsx"), join(SERVICE, "src/main.ts"), "--port", "0", ...args],
      { env: { ...process.env, DATABASE_URL: "", TSX_TSCONFIG_PATH: join(import.meta.dirname, "tsconfig.json") } },
    );
    let output = "";
    return await new Promise<Shop>((found, failed) => {
      const look = (chunk: Buffer): void => {
        output += chunk.toString();
        const url = /http:\/\/localhost:\d+/.exec(output)?.[0];
        if (url === undefined) return;
        child.stdout.off("data", look);
        child.stderr.off("data", look);
        found(new Shop(child, url.replace("localhost", "127.0.0.1"), output));
      };
      child.stdout.on("data", look);
      child.stderr.on("data", look);
      child.once("exit", (code) => failed(new RangeError(`the service ended with ${code}: ${output}`)));
    });
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = /\/(problem\+)?json/.test(response.headers.get("content-type") ?? "") ? JSON.parse(text) : text;
    return { status: response.status, headers: response.headers, body: json };
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async ended(): Promise<number | null> {
    if (this.#process.exitCode !== null) return this.#process.exitCode;
    return await new Promise((found) => this.#process.once("exit", (code) => found(code)));
  }

  async stop(): Promise<number | null> {
    this.signal("SIGTERM");
    return await this.ended();
  }
}

interface Pool {
  query(text: string): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
  end(): Promise<void>;
}

/** A database of its own on the server of the run. */
async function freshDatabase(): Promise<{ url: string; admin: Pool; name: string }> {
  const url = await postgresUrl();
  const admin = new pg!.Pool({ connectionString: url, max: 1, allowExitOnIdle: true }) as unknown as Pool;
  const name = `shop_${randomBytes(6).toString("hex")}`;
  await admin.query(`create database ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return { url: own.href, admin, name };
}

const product = (sku: string, over: object = {}) => ({ sku, name: `Product ${sku}`, cents: 250, stock: 10, ...over });

beforeAll(() => {
  if (existsSync(join(SERVICE, "node_modules/hono"))) return;
  execFileSync("npm", ["install", "--no-save", "--no-audit", "--no-fund"], { cwd: SERVICE, stdio: "inherit" });
}, 240_000);

const TARGETS = { postgres: pg === null || !embeddedPostgres, embedded: false } as const;

for (const [engine, missing] of Object.entries(TARGETS)) {
  describe.skipIf(missing)(`examples/service on ${engine}`, () => {
    let shop: Shop;
    let dir: { readonly path: string } & Disposable;
    let database: Awaited<ReturnType<typeof freshDatabase>> | null = null;
    let flags: string[];

    beforeAll(async () => {
      dir = folder();
      if (engine === "postgres") database = await freshDatabase();
      flags =
        database === null ? ["--engine", "embedded", "--data", join(dir.path, "shop.json")] : ["--url", database.url];
      shop = await Shop.start(...flags);
    }, 120_000);

    afterAll(async () => {
      await shop?.stop();
      await database?.admin.query(`drop database ${database.name} with (force)`);
      await database?.admin.end();
      dir?.[Symbol.dispose]();
    });

    test("a product is created, read, changed, deleted", async () => {
      const made = await shop.call("POST", "/products", product("PEN-1", { tags: ["blue"] }));
      expect(made.status).toBe(201);
      expect(made.body).toMatchObject({ sku: "PEN-1", stock: 10, tags: ["blue"], rev: 1 });
      const at = made.headers.get("location")!;
      expect(at).toBe(`/products/${made.body.id}`);
      expect(made.headers.get("etag")).toBe('"1"');
      expect((await shop.call("GET", at)).body).toEqual(made.body);
      const changed = await shop.call("PATCH", at, { cents: 300 }, { "if-match": '"1"' });
      expect([changed.status, changed.body.cents, changed.headers.get("etag")]).toEqual([200, 300, '"2"']);
      expect((await shop.call("DELETE", at)).status).toBe(204);
      expect((await shop.call("GET", at)).status).toBe(404);
      expect((await shop.call("DELETE", at)).body).toMatchObject({ status: 404, code: "NOT_FOUND.RECORD" });
    });

    test("bad requests are refused with every issue", async () => {
      const bad = await shop.call("POST", "/products", { sku: "x", name: "", cents: 1.5, nope: 1 });
      expect(bad.status).toBe(422);
      expect(bad.headers.get("content-type")).toBe("application/problem+json");
      expect(bad.body.code).toBe("VALIDATION.FAILED");
      const paths = bad.body.issues.map((issue: { path: string }) => issue.path);
      expect(new Set(paths)).toEqual(new Set(["sku", "name", "cents", "stock", "nope"]));
      expect((await shop.call("POST", "/products", "{")).body).toMatchObject({ status: 400, code: "BODY" });
      expect((await shop.call("POST", "/products", "[]")).status).toBe(400);
      expect((await shop.call("GET", "/products?limit=0")).status).toBe(400);
      expect((await shop.call("GET", "/products?after=%00")).status).toBe(400);
      const after = Buffer.from('{"nope":1}').toString("base64url");
      expect((await shop.call("GET", `/products?after=${after}`)).body).toMatchObject({
        status: 400,
        code: "QUERY.INVALID_CURSOR",
      });
      expect((await shop.call("GET", "/nothing")).body).toMatchObject({ status: 404, code: "ROUTE" });
    });

    test("a sku is taken once, a revision is overwritten once", async () => {
      const { body: ink } = await shop.call("POST", "/products", product("INK-1"));
      expect((await shop.call("POST", "/products", product("INK-1"))).body).toMatchObject({
        status: 409,
        code: "UNIQUE.VIOLATION",
      });
      const at = `/products/${ink.id}`;
      expect((await shop.call("PATCH", at, { stock: 5 })).status).toBe(428);
      const both = await Promise.all([1, 2].map((stock) => shop.call("PATCH", at, { stock }, { "if-match": '"1"' })));
      expect(both.map(({ status }) => status).toSorted()).toEqual([200, 412]);
      expect((await shop.call("PATCH", at, { stock: -1 }, { "if-match": '"2"' })).status).toBe(422);
    });

    test("an order takes from the stock of all its products, or nothing happens", async () => {
      await shop.call("POST", "/products", product("CUP-1", { stock: 5, cents: 700 }));
      await shop.call("POST", "/products", product("CUP-2", { stock: 1, cents: 900 }));
      const order = {
        email: "ada@example.org",
        name: "Ada",
        lines: [
          { sku: "CUP-1", quantity: 2 },
          { sku: "CUP-2", quantity: 1 },
        ],
      };
      const placed = await shop.call("POST", "/orders", order);
      expect(placed.status).toBe(201);
      expect(placed.body).toMatchObject({ cents: 2300, customer: { email: "ada@example.org" } });
      expect(
        placed.body.lines.map((line: { product: { sku: string; stock: number } }) => [
          line.product.sku,
          line.product.stock,
        ]),
      ).toEqual([
        ["CUP-1", 3],
        ["CUP-2", 0],
      ]);
      expect((await shop.call("GET", placed.headers.get("location")!)).body).toEqual(placed.body);
      expect((await shop.call("POST", "/orders", order)).body).toMatchObject({ status: 409, code: "OUT_OF_STOCK" });
      const unknown = {
        ...order,
        lines: [
          { sku: "CUP-1", quantity: 1 },
          { sku: "CUP-9", quantity: 1 },
        ],
      };
      expect((await shop.call("POST", "/orders", unknown)).status).toBe(422);
      expect((await shop.call("POST", "/orders", { ...order, lines: [] })).status).toBe(422);
      const [cup] = (await shop.call("GET", "/products?q=CUP-1")).body.items;
      expect(cup.stock, "refused orders took nothing").toBe(3);
      expect((await shop.call("DELETE", `/products/${cup.id}`)).body).toMatchObject({
        status: 409,
        code: "FOREIGN_KEY.STILL_REFERENCED",
      });
      expect((await shop.call("GET", "/sales")).body).toMatchObject([
        { email: "ada@example.org", ordersCount: 1, last: [{ cents: 2300 }] },
      ]);
    });

    test("ten orders at once for four pieces: four are placed", async () => {
      await shop.call("POST", "/products", product("RARE-1", { stock: 4 }));
      const order = (n: number) => ({ email: `c${n}@example.org`, name: "C", lines: [{ sku: "RARE-1", quantity: 1 }] });
      const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => shop.call("POST", "/orders", order(n))));
      expect(
        answers.filter(({ status }) => status === 201),
        JSON.stringify(answers.map(({ body }) => body)),
      ).toHaveLength(4);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(6);
      expect((await shop.call("GET", "/products?q=RARE-1")).body.items[0].stock).toBe(0);
    });

    test("pages by key meet every product once, also while others are added", async () => {
      for (let n = 10; n < 35; n++)
        await shop.call("POST", "/products", product(`PAGE-${n}`, { name: `Page ${n % 7}` }));
      const met: string[] = [];
      for (let next: string | null = ""; next !== null; ) {
        const { body } = await shop.call("GET", `/products?q=Page&limit=4${next === "" ? "" : `&after=${next}`}`);
        met.push(...body.items.map((each: { sku: string }) => each.sku));
        next = body.next;
        if (met.length === 8) await shop.call("POST", "/products", product("PAGE-99", { name: "Page 0" }));
      }
      expect(met.toSorted()).toEqual(Array.from({ length: 25 }, (_, n) => `PAGE-${n + 10}`));
    });

    test("a client that hangs up frees its connection", async () => {
      for (let n = 0; n < 25; n++) {
        const gone = new AbortController();
        const response = await fetch(`${shop.url}/products/export`, { signal: gone.signal });
        const reader = response.body!.getReader();
        await reader.read();
        gone.abort();
      }
      expect((await shop.call("GET", "/health")).body).toEqual({ status: "up" });
      if (database === null) return;
      const busy = `select count(*)::int as n from pg_stat_activity where datname = '${database.name}' and state <> 'idle'`;
      await expect.poll(async () => (await database!.admin.query(busy)).rows[0]!.n, { timeout: 10_000 }).toBe(0);
    });

    test("ends in order, and a restart finds everything", { timeout: 60_000 }, async () => {
      const before = (await shop.call("GET", "/products?limit=100")).body.items;
      // A request that is under way when the end comes is answered.
      const last = shop.call("GET", "/products/export");
      await Promise.race([last, new Promise((later) => setTimeout(later, 20))]);
      expect(await shop.stop(), shop.output).toBe(0);
      expect(shop.output).toContain("closed");
      expect((await last).status).toBe(200);
      shop = await Shop.start(...flags);
      expect((await shop.call("GET", "/products?limit=100")).body.items).toEqual(before);
    });
  });
}

describe.skipIf(TARGETS.postgres)("examples/service without its server", () => {
  test("answers 503 while the server is away, and goes on when it is back", { timeout: 120_000 }, async () => {
    const home = makeHome();
    const server = await PostgresServer.make(join(home, "server"));
    try {
      await server.start();
      const shop = await Shop.start("--url", server.url);
      try {
        expect((await shop.call("POST", "/products", product("DUR-1"))).status).toBe(201);
        await server.stop();
        const down = await shop.call("GET", "/products");
        expect([down.status, down.headers.get("retry-after")], JSON.stringify(down.body)).toEqual([503, "1"]);
        await server.start();
        expect((await shop.call("GET", "/products")).body.items).toMatchObject([{ sku: "DUR-1" }]);
      } finally {
        await shop.stop();
      }
    } finally {
      await server.dispose();
      rmSync(home, { recursive: true, force: true });
    }
  });
});

test("its own packages are enough to run it", () => {
  const found = createRequire(join(SERVICE, "package.json"));
  for (const name of ["hono", "pg", "@hono/node-server"])
    expect(found.resolve(name)).toContain("examples/service/node_modules");
});
