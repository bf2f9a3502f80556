/** Writes of related rows, of to-one, to-many and many-to-many relations, with and without payload. */
import { expectError, expectType } from "tsd";
import type { Post, User } from "#tenon";
import { db } from "./db.js";
import type { Client, User as Person } from "./golden-relations/client.js";

declare const more: Client;
const ada = { email: "ada@x", age: 36, active: true };
const post = { title: "t", status: "live" } as const;

// create
expectType<Promise<User>>(
  db.users.create({
    data: {
      ...ada,
      posts: { create: [{ ...post, comments: { create: { text: "c", authorId: 1 } } }], connect: { id: 7 } },
      profile: { create: { bio: "b" } },
    },
  }),
);
expectType<Promise<Post>>(db.posts.create({ data: { ...post, authorId: 1 } }));
expectType<Promise<Post>>(db.posts.create({ data: { ...post, author: { connect: { email: "a@x" } } } }));
expectType<Promise<Post>>(
  db.posts.create({ data: { ...post, author: { connectOrCreate: { where: { id: 1 }, create: ada } } } }),
);
expectError(db.posts.create({ data: post }));
expectError(db.posts.create({ data: { ...post, authorId: 1, author: { connect: { id: 1 } } } }));
expectError(db.posts.create({ data: { ...post, author: { connect: { age: 1 } } } }));
expectError(db.posts.create({ data: { ...post, author: { create: { email: "a" } } } }));
expectError(db.posts.create({ data: { ...post, author: { disconnect: true } } }));
expectError(db.posts.create({ data: { ...post, author: ada } }));
expectError(db.users.create({ data: { ...ada, posts: { create: { title: "t" } } } }));
expectError(db.users.create({ data: { ...ada, posts: { create: { ...post, nope: 1 } } } }));
expectError(db.users.create({ data: { ...ada, posts: [post] } }));

// update
expectType<Promise<User>>(
  db.users.update({
    where: { id: 1 },
    data: {
      posts: {
        create: post,
        connect: [{ id: 1 }],
        disconnect: { id: 2 },
        delete: [{ id: 3 }],
        deleteMany: { views: 0 },
        update: { where: { id: 4 }, data: { views: { $inc: 1 } } },
        updateMany: { where: { status: "draft" }, data: { status: "gone" } },
        upsert: { where: { id: 5 }, create: post, update: { title: "u" } },
      },
      profile: { upsert: { create: { bio: "b" }, update: { bio: { $set: "c" } } } },
    },
  }),
);
expectType<Promise<User>>(db.users.update({ where: { id: 1 }, data: { posts: { set: [{ id: 1 }] } } }));
expectType<Promise<Post>>(
  db.posts.update({ where: { id: 1 }, data: { author: { update: { data: { age: { $inc: 1 } } } } } }),
);
expectError(db.users.update({ where: { id: 1 }, data: { posts: { connect: { title: "t" } } } }));
expectError(db.users.update({ where: { id: 1 }, data: { posts: { update: { data: {} } } } }));
expectError(db.users.update({ where: { id: 1 }, data: { posts: { updateMany: { data: { nope: 1 } } } } }));
expectError(db.users.update({ where: { id: 1 }, data: { posts: { remove: { id: 1 } } } }));
// A post has an author always: it can be another one, not none.
expectError(db.posts.update({ where: { id: 1 }, data: { author: { disconnect: true } } }));
expectError(db.posts.update({ where: { id: 1 }, data: { author: { delete: true } } }));

// many-to-many, payload of the row between, optional to-one, self relation
expectType<Promise<Person>>(
  more.users.create({
    data: { email: "a@x", labels: { create: { text: "l", $through: { since: new Date(0) } }, connect: { id: 1 } } },
  }),
);
expectType<Promise<Person>>(
  more.users.update({ where: { id: 1 }, data: { manager: { disconnect: true }, reports: { connect: { id: 2 } } } }),
);
expectError(more.users.create({ data: { email: "a@x", labels: { create: { text: "l", $through: { since: 1 } } } } }));
expectError(more.users.create({ data: { email: "a@x", labels: { connect: { text: "l" } } } }));
expectError(more.users.create({ data: { email: "a@x", manager: { disconnect: true } } }));

// a key of several fields
expectType<Promise<Date | undefined>>(more.userLabels.findById({ userId: 1, labelId: 2 }).then((row) => row?.since));
expectError(more.userLabels.findById(1));
expectError(more.userLabels.findById({ userId: 1 }));
