/** The routes over a database. */
import { Hono } from "hono";
import type { Database } from "./database.js";
import { orders } from "./orders.js";
import { answer, Refused } from "./problems.js";
import { products } from "./products.js";
import { signalOf } from "./request.js";

export function app(db: Database): Hono {
  const routes = new Hono();
  routes.route("/products", products(db));
  routes.route("/orders", orders(db));
  routes.get("/health", async (context) => {
    await db.customers.exists({ email: "" }, { signal: signalOf(context) });
    return context.json({ status: "up" });
  });
  /** Who bought for how much. */
  routes.get("/sales", async (context) => {
    const rows = await db.customers
      .where({ orders: { some: {} } })
      .withOrders((each) => each.orderBy("createdAt", "desc").limit(3))
      .withOrdersCount()
      .all();
    return context.json(rows.map(({ email, name, orders: last, ordersCount }) => ({ email, name, last, ordersCount })));
  });
  routes.notFound(() => answer(new Refused(404, "ROUTE", "There is nothing here")));
  routes.onError((error) => answer(error));
  return routes;
}
