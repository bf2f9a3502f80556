/** better-sqlite3, raw: statements prepared once, tags as JSON text, populate as three statements joined in JavaScript. */
import { openSqlite, setLevel } from "./sqlite-schema.mjs";

export const levels = ["read", "os", "fsync"];

export function open(dir) {
  const db = openSqlite(dir);
  const userByEmail = db.prepare("select id, email, name, age from users where email = ?");
  const postById = db.prepare("select id, authorId, title, body, tags, views from posts where id = ?");
  const usersByAge = db.prepare(
    "select id, email, name, age from users where age between ? and ? order by name, id limit 20",
  );
  const usersById = db.prepare("select id, email, name, age from users where id between ? and ? order by id");
  const postsOf = db.prepare(
    "select id, authorId, title, body, tags, views from posts where authorId in (select value from json_each(?)) order by id",
  );
  const commentsOf = db.prepare(
    "select id, postId, text from comments where postId in (select value from json_each(?)) order by id",
  );
  const insertUser = db.prepare("insert into users values (@id, @email, @name, @age)");
  const insertPost = db.prepare("insert into posts values (@id, @authorId, @title, @body, @tags, @views)");
  const insertComment = db.prepare("insert into comments values (@id, @postId, @text)");
  const setViews = db.prepare("update posts set views = ? where id = ?");

  const encode = (post) => ({ ...post, tags: JSON.stringify(post.tags) });
  const decode = (post) => {
    post.tags = JSON.parse(post.tags);
    return post;
  };
  const attach = (parents, name, children, field) => {
    const byId = new Map();
    for (const parent of parents) {
      parent[name] = [];
      byId.set(parent.id, parent[name]);
    }
    for (const child of children) byId.get(child[field]).push(child);
    return parents;
  };
  const ids = (rows) => JSON.stringify(rows.map((row) => row.id));
  const addUsers = db.transaction((rows) => {
    for (const row of rows) insertUser.run(row);
  });
  const addPosts = db.transaction((rows) => {
    for (const row of rows) insertPost.run(encode(row));
  });
  const addComments = db.transaction((rows) => {
    for (const row of rows) insertComment.run(row);
  });
  const populated = db.transaction((from, to) => {
    const users = usersById.all(from, to);
    const posts = postsOf.all(ids(users)).map(decode);
    attach(posts, "comments", commentsOf.all(ids(posts)), "postId");
    return attach(users, "posts", posts, "authorId");
  });
  const thousands = (rows, add) => {
    for (let i = 0; i < rows.length; i += 1000) add(rows.slice(i, i + 1000));
  };

  return {
    db,
    level: (level) => setLevel(db, level),
    load({ users, posts, comments }) {
      thousands(users, addUsers);
      thousands(posts, addPosts);
      thousands(comments, addComments);
    },
    pointKey: (id) => decode(postById.get(id)),
    pointUnique: (email) => userByEmail.get(email),
    range: (from, to) => usersByAge.all(from, to),
    populate: (from, to) => populated(from, to),
    insert: (post) => insertPost.run(encode(post)),
    durable: (post) => insertPost.run(encode(post)),
    bulk(rows) {
      this.load(rows);
    },
    update: (id, views) => setViews.run(views, id),
    counts: () => ({
      users: db.prepare("select count(*) n from users").get().n,
      posts: db.prepare("select count(*) n from posts").get().n,
      comments: db.prepare("select count(*) n from comments").get().n,
    }),
    trim({ users, posts, comments }) {
      db.exec(
        `delete from comments where id > ${comments}; delete from posts where id > ${posts}; delete from users where id > ${users}`,
      );
    },
    close: () => db.close(),
  };
}
