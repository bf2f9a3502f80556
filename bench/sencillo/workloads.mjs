/** SencilloDB's operations, the same calls for every peer; each checks its answer. `db` is open and holds the base. */

const CITIES = ["Paris", "Oslo", "Rome", "Kyiv"];

const makeUser = (n) => ({
  name: `User ${n}`,
  email: `user${n}@example.org`,
  age: 18 + (n % 60),
  city: CITIES[n % 4],
  group: `team ${n % 100}`,
  bio: `Short text number ${n} about nothing in particular, long enough to be a line.`,
  active: n % 3 === 0,
});

/** Made before they are asked for: what is measured is the database. */
const made = [];
export const user = (n) => made[n] ?? makeUser(n);
export const prepareData = (count) => {
  while (made.length < count) made.push(makeUser(made.length));
};

export const bucketOf = (data) => `g${data.age % 8}`;

const check = (good, what) => {
  if (!good) throw new Error(`${what}: wrong answer`);
};

/** Fills an empty database: `size` users in 8 buckets, indexed by email and group, a tenth as many posts that name their users. */
export async function fill(db, size) {
  const users = Array.from({ length: size }, (_, n) => user(n));
  const posts = Array.from({ length: size / 10 }, (_, n) => {
    const author = (n * 7) % size;
    return { title: `Post ${n}`, author: author + 1, email: user(author).email };
  });
  await db.transaction(async (tx) => {
    await tx.ensureIndex({ collection: "users", field: "email" });
    await tx.ensureIndex({ collection: "users", field: "group" });
    await tx.createMany({ collection: "users", index: bucketOf, data: users });
    await tx.createMany({ collection: "posts", data: posts });
  });
}

const byName = (a, b) => (a.name < b.name ? -1 : 1);

/** Opens what was compacted before, up to the first answer. */
export const open = async (tx) => {
  const found = await tx.find({ collection: "users", filter: { _id: 2 } });
  check(found._id === 2, "open");
};

/** Run many to a transaction: in SencilloDB each transaction rewrites its files, which `readTx` measures alone. */
export const READS = {
  findIndexed: async (tx, i, size) => {
    const n = (i * 7) % size;
    const found = await tx.find({ collection: "users", filter: { email: user(n).email } });
    check(found._id === n + 1, "findIndexed");
  },
  findById: async (tx, i, size) => {
    const n = (i * 7) % size;
    const found = await tx.find({ collection: "users", filter: { _id: n + 1 } });
    check(found.email === user(n).email, "findById");
  },
  findManyIndexed: async (tx, i, size) => {
    const found = await tx.findMany({ collection: "users", filter: { group: user(i % size).group } });
    check(found.length === Math.floor((size - 1 - ((i % size) % 100)) / 100) + 1, "findManyIndexed");
  },
  scanRange: async (tx, _, size) => {
    const found = await tx.findMany({ collection: "users", filter: { age: { $gt: 76 } } });
    check(found.length === size / 60, "scanRange");
  },
  scanEqual: async (tx, i, size) => {
    const n = (i * 7) % size;
    const found = await tx.find({ collection: "users", filter: { bio: user(n).bio } });
    check(found._id === n + 1, "scanEqual");
  },
  scanCallback: async (tx, _, size) => {
    const found = await tx.findMany({ collection: "users", callback: (each) => each.age > 76 });
    check(found.length === size / 60, "scanCallback");
  },
  sortBucket: async (tx) => {
    const found = await tx.findMany({ collection: "users", index: "g1", sort: byName });
    check(found.length > 1 && found[0].name < found[1].name, "sortBucket");
  },
  populateId: async (tx, _, size) => {
    const found = await tx.findMany({ collection: "posts", populate: [{ field: "author", collection: "users" }] });
    check(found.length === size / 10 && found[3].author._id === 22, "populateId");
  },
  populateField: async (tx, _, size) => {
    const populate = [{ field: "email", collection: "users", targetField: "email" }];
    const found = await tx.findMany({ collection: "posts", populate });
    check(found.length === size / 10 && found[3].email._id === 22, "populateField");
  },
};

/** A transaction each. */
export const TRANSACTIONS = {
  readTx: async (db, i, size) => {
    const { email } = user((i * 7) % size);
    const found = await db.transaction((tx) => tx.find({ collection: "users", filter: { email } }));
    check(found.email === email, "readTx");
  },
  create: async (db, i, size) => {
    const data = user(i % size);
    const made = await db.transaction((tx) => tx.create({ collection: "users", index: bucketOf, data }));
    check(made.age === data.age && made._id > 0, "create");
  },
  update: async (db, i, size) => {
    const n = (i * 13) % size;
    const made = await db.transaction((tx) => tx.update({ collection: "users", _id: n + 1, data: user(n) }));
    check(made._id === n + 1, "update");
  },
  move: async (db, i, size) => {
    const n = (i * 13) % size;
    const index = { new: `g${(i + 1) % 8}` };
    const made = await db.transaction((tx) => tx.update({ collection: "users", _id: n + 1, data: user(n), index }));
    check(made._id === n + 1, "move");
  },
  createDestroy: async (db, i, size) => {
    const gone = await db.transaction(async (tx) => {
      const { _id } = await tx.create({ collection: "users", index: bucketOf, data: user(i % size) });
      return tx.destroy({ collection: "users", _id });
    });
    check(gone.age === user(i % size).age, "createDestroy");
  },
  createMany100: async (db, i) => {
    const data = Array.from({ length: 100 }, (_, n) => user(n));
    const made = await db.transaction(async (tx) => {
      // Whoever is quicker must not have more to write.
      if (i > 0) await tx.dropCollection({ collection: "bulk" });
      return tx.createMany({ collection: "bulk", data });
    });
    check(made.length === 100, "createMany100");
  },
  dropCollection: async (db) => {
    await db.transaction(async (tx) => {
      await tx.create({ collection: "short", data: user(0) });
    });
    await db.transaction((tx) => tx.dropCollection({ collection: "short" }));
  },
  rewrite: async (db) => {
    await db.transaction((tx) => tx.rewriteCollection({ collection: "posts", sort: (a, b) => a.author - b.author }));
  },
  rollback: async (db, i, size) => {
    const stop = new Error("stop");
    const error = await db
      .transaction(async (tx) => {
        await tx.create({ collection: "users", index: bucketOf, data: user(i % size) });
        throw stop;
      })
      .catch((caught) => caught);
    check(error === stop, "rollback");
  },
};
