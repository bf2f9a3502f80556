/** /orders: an order takes from the stock of several products, or none of it happens. */
import { Hono } from "hono";
import { z } from "zod";
import type { Database } from "./database.js";
import { Refused } from "./problems.js";
import { bodyOf, signalOf } from "./request.js";

/** What no model describes: an order as a customer sends it. */
const Placed = z.strictObject({
  email: z.email(),
  name: z.string().min(1),
  lines: z
    .array(z.strictObject({ sku: z.string(), quantity: z.int().min(1) }))
    .min(1)
    .refine((lines) => new Set(lines.map(({ sku }) => sku)).size === lines.length, "names a product twice"),
});

function place(db: Database, order: z.infer<typeof Placed>, signal: AbortSignal) {
  // Run again by itself when another order took from the same stock at the same time.
  return db.transaction(
    async (tx) => {
      const customer = await tx.customers.upsert({
        where: { email: order.email },
        create: { email: order.email, name: order.name },
        update: { name: order.name },
      });
      const lines: { productId: string; quantity: number; cents: number }[] = [];
      for (const { sku, quantity } of order.lines) {
        const product = await tx.products.findUnique({ where: { sku } });
        if (product === null) throw new Refused(422, "UNKNOWN_PRODUCT", `There is no product ${sku}`);
        if (product.stock < quantity)
          throw new Refused(409, "OUT_OF_STOCK", `Of ${sku} there are ${product.stock}, not ${quantity}`);
        await tx.products.update({ where: { id: product.id }, data: { stock: { $inc: -quantity } } });
        lines.push({ productId: product.id, quantity, cents: product.cents });
      }
      const cents = lines.reduce((sum, line) => sum + line.cents * line.quantity, 0);
      return tx.orders.create({
        data: { cents, customer: { connect: { id: customer.id } }, lines: { create: lines } },
        populate: ["customer", "lines.product"],
      });
    },
    { signal, retries: 20 },
  );
}

export function orders(db: Database): Hono {
  const app = new Hono();

  app.post("/", async (context) => {
    const placed = Placed.safeParse(await bodyOf(context));
    if (!placed.success) {
      const issues = placed.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
      return context.json(
        { type: "about:blank", status: 422, code: "VALIDATION.FAILED", title: "Invalid order", issues },
        422,
      );
    }
    const order = await place(db, placed.data, signalOf(context));
    return context.json(order, 201, { location: `/orders/${order.id}` });
  });

  app.get("/:id", async (context) =>
    context.json(
      await db.orders.findByIdOrThrow(context.req.param("id"), {
        populate: ["customer", "lines.product"],
        signal: signalOf(context),
      }),
    ),
  );

  return app;
}
