/** The builder: what each step makes of the row, what each end gives, and wrong steps. */
import type { Plan } from "tenon/types";
import { expectAssignable, expectError, expectType } from "tsd";
import type { Comment, Post, PostQuery, Profile, Tag, User, UserQuery } from "#tenon";
import { db } from "./db.js";

const signal = new AbortController().signal;
const users = db.users.query();

// beginnings
expectType<UserQuery>(users);
expectType<UserQuery>(db.users.where({ active: true }));
expectError(db.users.where({ nope: 1 }));
expectError(db.users.where());
expectError(db.users.query({ where: {} }));

// ends
expectType<Promise<User[]>>(users.all());
expectType<Promise<User[]>>(users.all({ signal }));
expectType<Promise<User | null>>(users.first());
expectType<Promise<User>>(users.firstOrThrow());
expectType<Promise<User>>(users.one());
expectType<Promise<number>>(users.count({ signal }));
expectType<Promise<boolean>>(users.exists());
expectType<AsyncIterable<User>>(users.stream({ batch: 10 }));
expectType<Promise<Plan>>(users.explain({ analyze: true }));
expectError(users.all(3));
expectError(users.first({ where: {} }));
expectError(users.stream({ batch: "10" }));
expectError(users.toArray());

// steps that change no type
expectType<UserQuery>(users.where({ age: 3 }).orderBy("age").orderBy("name", "desc").limit(3).offset(6));
expectType<UserQuery>(users.orderBy({ age: "asc" }).orderBy([{ name: "asc" }, { posts: { $count: "desc" } }]));
expectType<UserQuery>(users.after({ id: 3 }).after(null).distinct("role", "active"));
expectError(users.where({ agee: 3 }));
expectError(users.where({ age: "3" }));
expectError(users.orderBy("nope"));
expectError(users.orderBy("age", "up"));
expectError(users.orderBy({ nope: "asc" }));
expectError(users.limit("3"));
expectError(users.limit());
expectError(users.offset(null));
expectError(users.after({ nope: 3 }));
expectError(users.distinct("nope"));

// select, omit
expectType<Promise<Pick<User, "id" | "email">[]>>(users.select("id", "email").all());
expectType<Promise<Pick<User, "id"> | null>>(users.select("id").where({ age: 3 }).orderBy("age").first());
expectType<Promise<Pick<User, "name">[]>>(users.select("id").select("name").all());
const omitted = await users.omit("email", "name").one();
expectType<number>(omitted.age);
expectError(omitted.email);
expectError(users.select("nope"));
expectError(users.select(["id"]));
expectError(users.omit("posts"));
expectError((await users.select("id").one()).email);

// relations
expectType<Promise<(User & { posts: Post[] })[]>>(users.withPosts().all());
expectType<Promise<(User & { profile: Profile | null })[]>>(users.withProfile().all());
expectType<Promise<Post & { author: User }>>(db.posts.query().withAuthor().one());
expectType<Promise<(Pick<User, "id"> & { posts: Pick<Post, "title">[] })[]>>(
  users
    .select("id")
    .withPosts((p) => p.select("title"))
    .all(),
);
expectType<Promise<(User & { posts: (Post & { comments: (Comment & { author: User })[] })[] })[]>>(
  users.withPosts((p) => p.withComments((c) => c.withAuthor())).all(),
);
expectType<Promise<(User & { posts: Post[] })[]>>(
  users.withPosts((p) => p.where({ status: "live" }).orderBy("views", "desc").limit(3)).all(),
);
expectType<Promise<(User & { posts: (Post & { tags: Tag[] })[] } & { profile: Profile | null })[]>>(
  users
    .withPosts((p) => p.withTags())
    .withProfile()
    .all(),
);
expectError(users.withPost());
expectError(users.withPosts("posts"));
expectError(users.withPosts((p) => p.select("titel")));
expectError(users.withPosts((p) => p.where({ titel: "t" })));
expectError(users.withPosts((p) => p.withNope()));
expectError(users.withPosts((p) => p.all()));
expectError(users.withPosts(() => 3));
expectError(users.withPosts(() => users));
expectError(users.withPosts(() => db.comments.query().select("id")));
expectError(users.withPosts((p) => p.withComments(() => p)));
expectError(users.withPosts((p) => p.withComments((c) => c.withAuthor((a) => c.withPost(() => a)))));
expectError(users.withProfile(() => db.tags.where({ id: 3 })));
expectError((await users.withPosts().one()).profile);
expectError((await users.withPosts((p) => p.select("title")).one()).posts[0]?.body);

// counts of relations
expectType<Promise<(User & { postsCount: number })[]>>(users.withPostsCount().all());
expectType<Promise<(User & { postsCount: number })[]>>(users.withPostsCount((p) => p.where({ status: "live" })).all());
expectError(users.withProfileCount());
expectError(users.withPostsCount((p) => p.where({ nope: 1 })));
expectError(users.withPostsCount(() => users));

// A query is a value that functions take.
const adults = (query: UserQuery): UserQuery => query.where({ age: { $gte: 18 } });
expectType<Promise<User[]>>(adults(users).all());
expectAssignable<PromiseLike<{ id: number }[]>>(users.select("id", "name").all());
const live = (query: PostQuery): PostQuery => query.where({ status: "live" });
expectType<Promise<(User & { posts: Post[] })[]>>(users.withPosts(live).all());
expectType<Promise<(User & { posts: Post[] })[]>>(users.withPosts((p) => live(p).limit(3)).all());
const short = <Q extends PostQuery<unknown>>(query: Q): Q => query.limit(3);
expectType<Promise<(User & { posts: (Post & { comments: Comment[] })[] })[]>>(
  users.withPosts((p) => short(p.withComments())).all(),
);
