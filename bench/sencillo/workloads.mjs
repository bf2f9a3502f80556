/** SencilloDB's operations, the same calls for both packages; each checks its answer. `db` is open and holds the base. */

export const user = (n) => ({
  name: `User ${n}`,
  email: `user${n}@example.org`,
  age: 18 + (n % 60),
  city: ["Paris", "Oslo", "Rome", "Kyiv"][n % 4],
  bio: `Short text number ${n} about nothing in particular, long enough to be a line.`,
  active: n % 3 === 0,
});

export const bucketOf = (data) => `g${data.age % 8}`;

const check = (good, what) => {
  if (!good) throw new Error(`${what}: wrong answer`);
};

/** Fills an empty database: `size` users in 8 buckets with an index on email, a tenth as many posts that name their users. */
export async function fill(db, size) {
  await db.transaction(async (tx) => {
    await tx.ensureIndex({ collection: "users", field: "email" });
    await tx.createMany({
      collection: "users",
      index: bucketOf,
      data: Array.from({ length: size }, (_, n) => user(n)),
    });
    const posts = Array.from({ length: size / 10 }, (_, n) => ({ title: `Post ${n}`, author: ((n * 7) % size) + 1 }));
    await tx.createMany({ collection: "posts", data: posts });
  });
}

/** Reads run many to a transaction: in SencilloDB each transaction rewrites its files, which `readTx` measures alone. */
export const WORKLOADS = {
  createTx: async (db, i) => {
    const made = await db.transaction((tx) => tx.create({ collection: "users", index: bucketOf, data: user(i) }));
    check(made.age === user(i).age && made._id > 0, "createTx");
  },
  updateTx: async (db, i, size) => {
    const n = (i * 13) % size;
    const data = { ...user(n), age: user(n).age };
    const made = await db.transaction((tx) => tx.update({ collection: "users", _id: n + 1, data }));
    check(made._id === n + 1, "updateTx");
  },
  manyTx: async (db) => {
    const data = Array.from({ length: 100 }, (_, n) => user(n));
    const made = await db.transaction((tx) => tx.createMany({ collection: "bulk", data }));
    check(made.length === 100, "manyTx");
  },
  readTx: async (db, i, size) => {
    const email = `user${(i * 7) % size}@example.org`;
    const found = await db.transaction((tx) => tx.find({ collection: "users", filter: { email } }));
    check(found.email === email, "readTx");
  },
  rollback: async (db, i) => {
    const stop = new Error("stop");
    const error = await db
      .transaction(async (tx) => {
        await tx.create({ collection: "users", index: bucketOf, data: user(i) });
        throw stop;
      })
      .catch((caught) => caught);
    check(error === stop, "rollback");
  },
  findIndexed: async (tx, i, size) => {
    const n = (i * 7) % size;
    const found = await tx.find({ collection: "users", filter: { email: `user${n}@example.org` } });
    check(found._id === n + 1, "findIndexed");
  },
  findById: async (tx, i, size) => {
    const n = (i * 7) % size;
    const found = await tx.find({ collection: "users", filter: { _id: n + 1 } });
    check(found.email === user(n).email, "findById");
  },
  scan: async (tx, _, size) => {
    const found = await tx.findMany({ collection: "users", filter: { age: { $gt: 76 } } });
    check(found.length === Math.floor(size / 60), "scan");
  },
  sortBucket: async (tx) => {
    const found = await tx.findMany({ collection: "users", index: "g1", sort: (a, b) => (a.name < b.name ? -1 : 1) });
    check(found.length > 1 && found[0].name < found[1].name, "sortBucket");
  },
  populate: async (tx, _, size) => {
    const found = await tx.findMany({ collection: "posts", populate: [{ field: "author", collection: "users" }] });
    check(found.length === size / 10 && found[3].author._id === 22, "populate");
  },
};

/** Those that take a transaction. */
export const READS = ["findIndexed", "findById", "scan", "sortBucket", "populate"];
