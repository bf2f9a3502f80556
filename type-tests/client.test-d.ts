/** The client: opening it, hooks, transactions by function and by hand, savepoints, closing. */
import { expectError, expectType } from "tsd";
import { type Client, createClient, type Transaction, type User } from "#tenon";
import { db } from "./db.js";

type Options = Parameters<typeof createClient>[0];
declare const engine: Options["engine"];
const signal = new AbortController().signal;
const models = {};

// createClient
expectType<Promise<Client>>(createClient({ models, engine }));
expectType<Promise<Client>>(createClient({ models, engine, clock: () => 0, hooks: [], signal }));
expectError(createClient());
expectError(createClient({ models }));
expectError(createClient({ engine }));
expectError(createClient({ models, engine, clock: new Date(0) }));
expectError(createClient({ models, engine, storage: null }));
expectError(createClient({ models, engine: {} }));

// hooks are given the transaction of this client
expectType<Promise<Client>>(
  createClient({
    models,
    engine,
    hooks: [
      {
        models: ["Post"],
        before: async ({ action, rows, changes, where, tx }) => {
          expectType<"create" | "update" | "delete">(action);
          expectType<number>(rows.length + changes.length + (where === null ? 0 : 1));
          expectType<Transaction>(tx);
          await tx.users.updateMany({ where: { all: true }, data: { age: { $inc: 1 } } });
        },
        after: ({ model, tx }) => {
          expectType<string>(model);
          expectType<Transaction>(tx);
        },
        afterCommit: (writes) => {
          expectType<string | undefined>(writes[0]?.model);
          expectError(writes[0]?.tx);
        },
      },
    ],
  }),
);
expectError(createClient({ models, engine, hooks: [{ beforeWrite() {} }] }));
expectError(createClient({ models, engine, hooks: [{ models: "Post" }] }));

// transaction
expectType<Promise<User>>(db.transaction((tx) => tx.users.findByIdOrThrow(1)));
expectType<Promise<void>>(db.transaction(async () => {}));
expectType<Promise<number>>(
  db.transaction(
    async (tx) => {
      expectType<Transaction>(tx);
      const inner = tx.transaction(async (nested) => nested.posts.count(), { signal });
      expectType<Promise<number>>(inner);
      return await inner;
    },
    { retries: 5, mode: "read", isolation: "serializable", signal },
  ),
);
expectError(db.transaction());
expectError(db.transaction(async (tx) => tx.nope.count()));
expectError(db.transaction((tx) => tx.close()));
expectError(db.transaction((tx) => tx.commit()));
expectError(db.transaction(() => 3));
expectError(db.transaction(async () => 3, { mode: "readonly" }));
expectError(db.transaction(async () => 3, { isolation: "none" }));
expectError(db.transaction(async () => 3, { retry: 1 }));

// begin
const tx = await db.begin({ mode: "write", signal });
expectType<Promise<number>>(tx.users.count());
expectType<Promise<void>>(tx.commit());
expectType<Promise<void>>(tx.commit({ signal }));
expectType<Promise<void>>(tx.rollback());
expectType<Promise<number>>(tx.transaction(async (inner) => inner.tags.count()));
expectError(db.begin({ mode: "rw" }));
expectError(tx.begin());
expectError(tx.close());
expectError(tx.commit(true));
{
  await using scoped = await db.begin();
  expectType<Promise<boolean>>(scoped.users.exists());
}

// close; members cannot be replaced
expectType<Promise<void>>(db.close());
expectError(db.close(true));
declare const other: Client;
expectError(() => {
  db.users = other.users;
});
