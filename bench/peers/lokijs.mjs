/**
 * LokiJS: everything in memory, unique and binary indexes. Its answers are live references to its own objects, and an
 * acknowledged write is in memory only (autosave may lose seconds), which is less than `os`: shown, marked with m.
 */
import Loki from "lokijs";

export const levels = ["read", "os"];
/** What `os` really means here. */
export const memoryOnly = true;

export function open() {
  const db = new Loki("blog.json", { adapter: new Loki.LokiMemoryAdapter() });
  const users = db.addCollection("users", { unique: ["id", "email"], indices: ["id", "age"] });
  const posts = db.addCollection("posts", { unique: ["id"], indices: ["id", "authorId"] });
  const comments = db.addCollection("comments", { unique: ["id"], indices: ["id", "postId"] });
  const byId = (a, b) => a.id - b.id;
  return {
    level() {},
    load(data) {
      users.insert(data.users.map((row) => ({ ...row })));
      posts.insert(data.posts.map((row) => ({ ...row })));
      comments.insert(data.comments.map((row) => ({ ...row })));
    },
    pointKey: (id) => posts.by("id", id),
    pointUnique: (email) => users.by("email", email),
    range: (from, to) =>
      users
        .chain()
        .find({ age: { $between: [from, to] } })
        .simplesort("name")
        .limit(20)
        .data(),
    populate(from, to) {
      const some = users.find({ id: { $between: [from, to] } }).sort(byId);
      return some.map((user) => ({
        ...user,
        posts: posts
          .find({ authorId: user.id })
          .sort(byId)
          .map((post) => ({ ...post, comments: comments.find({ postId: post.id }).sort(byId) })),
      }));
    },
    insert: (post) => posts.insert({ ...post }),
    bulk(rows) {
      this.load(rows);
    },
    update(id, views) {
      const post = posts.by("id", id);
      post.views = views;
      posts.update(post);
    },
    counts: () => ({ users: users.count(), posts: posts.count(), comments: comments.count() }),
    trim(sizes) {
      comments
        .chain()
        .find({ id: { $gt: sizes.comments } })
        .remove();
      posts
        .chain()
        .find({ id: { $gt: sizes.posts } })
        .remove();
      users
        .chain()
        .find({ id: { $gt: sizes.users } })
        .remove();
    },
    close: () => db.close(),
  };
}
