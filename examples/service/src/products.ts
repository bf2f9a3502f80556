/** /products: list by pages, create, read, change what was read, delete, export. */
import { Hono } from "hono";
import { stream } from "hono/streaming";
import type { Product, ProductCreate, ProductUpdate } from "#tenon";
import type { Database } from "./database.js";
import { bodyOf, cursorOf, cursorText, limitOf, revisionOf, signalOf } from "./request.js";

const etag = ({ rev }: Product) => ({ etag: `"${rev}"` });

export function products(db: Database): Hono {
  const app = new Hono();

  app.get("/", async (context) => {
    const limit = limitOf(context);
    const after = cursorOf<{ name: string; id: string }>(context);
    const search = context.req.query("q");
    // One more than asked for tells whether there is another page.
    const rows = await db.products.findMany({
      ...(search === undefined ? {} : { where: { $or: [{ name: { $contains: search } }, { sku: search }] } }),
      ...(after === null ? {} : { after }),
      orderBy: { name: "asc" },
      limit: limit + 1,
      signal: signalOf(context),
    });
    const items = rows.slice(0, limit);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return context.json({ items, next: last === undefined ? null : cursorText({ name: last.name, id: last.id }) });
  });

  app.get("/export", (context) =>
    stream(context, async (out) => {
      context.header("content-type", "application/x-ndjson");
      const signal = signalOf(context);
      for await (const row of db.products.stream({ orderBy: { sku: "asc" }, signal }, { batch: 100 })) {
        await out.write(`${JSON.stringify(row)}\n`);
      }
    }),
  );

  app.post("/", async (context) => {
    const data = await bodyOf<ProductCreate>(context);
    const row = await db.products.create({ data, signal: signalOf(context) });
    return context.json(row, 201, { location: `/products/${row.id}`, ...etag(row) });
  });

  app.get("/:id", async (context) => {
    const row = await db.products.findByIdOrThrow(context.req.param("id"), { signal: signalOf(context) });
    return context.json(row, 200, etag(row));
  });

  app.patch("/:id", async (context) => {
    const where = { id: context.req.param("id"), rev: revisionOf(context) };
    const data = await bodyOf<ProductUpdate>(context);
    const row = await db.products.update({ where, data, signal: signalOf(context) });
    return context.json(row, 200, etag(row));
  });

  app.delete("/:id", async (context) => {
    await db.products.delete({ where: { id: context.req.param("id") }, signal: signalOf(context) });
    return context.body(null, 204);
  });

  return app;
}
