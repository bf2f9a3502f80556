/** What the shop stores. */
import { belongsTo, defineModel, hasMany } from "tenon";
import { z } from "zod";

export const Customer = defineModel(
  "Customer",
  z.object({ id: z.string(), email: z.email(), name: z.string().min(1).max(200) }),
  {
    key: { field: "id", generate: "uuid7" },
    indexes: [{ on: "email", unique: true }],
    relations: { orders: hasMany("Order", { to: "customerId" }) },
    timestamps: true,
  },
);

export const Product = defineModel(
  "Product",
  z.object({
    id: z.string(),
    sku: z.string().regex(/^[A-Z0-9-]{3,20}$/, "three to twenty capital letters, digits or -"),
    name: z.string().min(1).max(200),
    cents: z.int().min(1).describe("price"),
    stock: z.int().min(0),
    tags: z.array(z.string()).default([]),
    rev: z.int(),
  }),
  {
    key: { field: "id", generate: "uuid7" },
    indexes: [{ on: "sku", unique: true }, "name"],
    relations: { lines: hasMany("OrderLine", { to: "productId" }) },
    version: "rev",
    timestamps: true,
  },
);

export const Order = defineModel("Order", z.object({ id: z.string(), customerId: z.string(), cents: z.int().min(0) }), {
  key: { field: "id", generate: "uuid7" },
  relations: {
    customer: belongsTo("Customer", { from: "customerId" }),
    lines: hasMany("OrderLine", { to: "orderId" }),
  },
  timestamps: true,
});

export const OrderLine = defineModel(
  "OrderLine",
  z.object({ orderId: z.string(), productId: z.string(), quantity: z.int().min(1), cents: z.int().min(1) }),
  {
    key: ["orderId", "productId"],
    relations: {
      order: belongsTo("Order", { from: "orderId", onDelete: "cascade" }),
      product: belongsTo("Product", { from: "productId" }),
    },
  },
);
