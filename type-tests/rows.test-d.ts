/** The rows that come back: `select`, `omit` and `populate`, alone and together, to depth 3; and naming a row's type. */
import type { Row, Without } from "tenon/types";
import { expectError, expectType } from "tsd";
import type { Comment, Post, Profile, Tag, User, UserTypes } from "#tenon";
import { db } from "./db.js";

// select
expectType<Promise<Pick<User, "id">[]>>(db.users.findMany({ select: ["id"] }));
expectType<Promise<User[]>>(
  db.users.findMany({ select: ["id", "email", "name", "age", "role", "active", "score", "createdAt"] }),
);
expectType<Promise<User[]>>(db.users.findMany({ select: undefined }));
const fields: readonly ("id" | "email")[] = ["id"];
expectType<Promise<Pick<User, "id" | "email">[]>>(db.users.findMany({ select: fields }));
expectError(db.users.findMany({ select: ["id", "nope"] }));
expectError(db.users.findMany({ select: ["posts"] }));
expectError(db.users.findMany({ select: "id" }));
expectError(db.users.findMany({ select: { id: true } }));

// omit
expectType<Promise<Without<User, "email">[]>>(db.users.findMany({ omit: ["email"] }));
expectType<Promise<Without<Post, "title" | "body">[]>>(db.posts.findMany({ omit: ["title", "body"] }));
expectError(db.users.findMany({ omit: ["nope"] }));
expectError(db.users.findMany({ omit: ["posts"] }));

// populate
expectType<Promise<(User & { posts: Post[] })[]>>(db.users.findMany({ populate: ["posts"] }));
expectType<Promise<(User & { profile: Profile | null })[]>>(db.users.findMany({ populate: ["profile"] }));
expectType<Promise<(Post & { author: User; tags: Tag[] })[]>>(db.posts.findMany({ populate: ["author", "tags"] }));
expectType<Promise<(User & { posts: (Post & { comments: Comment[] })[]; profile: Profile | null })[]>>(
  db.users.findMany({ populate: ["posts.comments", "profile"] }),
);
expectType<Promise<(User & { posts: (Post & { comments: (Comment & { author: User })[] })[] })[]>>(
  db.users.findMany({ populate: ["posts.comments.author"] }),
);
expectType<Promise<(User & { posts: (Post & { comments: Comment[]; tags: Tag[] })[] })[]>>(
  db.users.findMany({ populate: ["posts", "posts.comments", "posts.tags"] }),
);
expectType<Promise<(User & { profile: (Profile & { user: User }) | null })[]>>(
  db.users.findMany({ populate: ["profile.user"] }),
);
expectError(db.users.findMany({ populate: ["post"] }));
expectError(db.users.findMany({ populate: ["posts", "nope"] }));
expectError(db.users.findMany({ populate: ["posts.nope"] }));
expectError(db.users.findMany({ populate: ["email"] }));
expectError(db.users.findMany({ populate: "posts" }));

// together
expectType<Promise<(Pick<User, "id"> & { posts: Post[] })[]>>(
  db.users.findMany({ select: ["id"], populate: ["posts"] }),
);
expectType<Promise<(Without<User, "email"> & { profile: Profile | null })[]>>(
  db.users.findMany({ omit: ["email"], populate: ["profile"] }),
);
const some = await db.users.findMany({ select: ["id", "name"], omit: ["name"] });
expectType<number | undefined>(some[0]?.id);
expectError(some[0]?.name);

// what was not asked for is not there
const [picked] = await db.users.findMany({ select: ["id"] });
const [omitted] = await db.users.findMany({ omit: ["email"] });
const [loaded] = await db.users.findMany({ populate: ["posts"] });
const plain = await db.users.findByIdOrThrow(1);
expectType<number | undefined>(picked?.id);
expectType<string | null | undefined>(omitted?.name);
expectType<Post[] | undefined>(loaded?.posts);
expectError(picked?.email);
expectError(omitted?.email);
expectError(loaded?.comments);
expectError(loaded?.posts[0]?.comments);
expectError(plain.posts);

// Row names what a call gives
expectType<Row<UserTypes>>(plain);
expectType<Row<UserTypes, "posts"> | undefined>(loaded);
expectType<Row<UserTypes, never, "id"> | undefined>(picked);
declare const deep: Row<UserTypes, "posts.comments", "id" | "email">;
expectType<Comment[] | undefined>(deep.posts[0]?.comments);
expectType<string>(deep.email);
expectError(deep.name);
