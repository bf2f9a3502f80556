/**
 * What is measured, as data: per workload the arguments of operation i, the right answer from plain JavaScript, how many
 * operations make a round, and what the issue asks for. A peer supplies one function of the same name per workload.
 */
import { pick } from "../lib/random.mjs";
import { extra } from "./data.mjs";

/** Plain-JavaScript indexes over the data set, from which the right answers come. */
export function oracle(data) {
  const group = (rows, field) => {
    const groups = new Map();
    for (const row of rows) {
      const list = groups.get(row[field]);
      if (list === undefined) groups.set(row[field], [row]);
      else list.push(row);
    }
    return groups;
  };
  return { data, posts: group(data.posts, "authorId"), comments: group(data.comments, "postId") };
}

const byName = (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id - b.id);
/** Ids of inserted documents: beyond the data set and beyond what `bulk` adds. */
const insertBase = 10_000_000;

const newPost = (i, sizes) => ({
  id: insertBase + i,
  authorId: 1 + pick(21, i, sizes.users),
  title: `New ${i}`,
  body: "x".repeat(200),
  tags: ["new", "bench", "post"],
  views: i,
});

/**
 * `level`: what an acknowledged write survives; reads have none. `os`: the process may die, the machine may not.
 * `fsync`: a power cut. Peers are asked only for the levels that they can keep.
 */
export const WORKLOADS = [
  {
    id: "pointKey",
    title: "point read by key",
    level: "read",
    ops: 100_000,
    target: 3,
    args: (i, { sizes }) => [1 + pick(31, i, sizes.posts)],
    expect: ([id], { data }) => data.posts[id - 1],
  },
  {
    id: "pointUnique",
    title: "point read by unique email",
    level: "read",
    ops: 100_000,
    target: 3,
    args: (i, { sizes }) => [`user${1 + pick(32, i, sizes.users)}@example.org`],
    expect: ([email], { data }) => data.users[Number(/\d+/.exec(email)[0]) - 1],
  },
  {
    id: "range",
    title: "age range, order by name, limit 20",
    level: "read",
    ops: 300,
    target: null,
    args: (i) => [18 + pick(33, i, 50), 22 + pick(33, i, 50)],
    expect: ([from, to], { data }) =>
      data.users
        .filter((row) => row.age >= from && row.age <= to)
        .sort(byName)
        .slice(0, 20),
  },
  {
    id: "populate",
    title: "100 users with posts with comments",
    level: "read",
    ops: 100,
    target: 3,
    args: (i, { sizes }) => {
      const from = 1 + pick(34, i, Math.max(1, sizes.users - 100));
      return [from, from + 99];
    },
    expect: ([from, to], { data, posts, comments }) =>
      data.users.slice(from - 1, to).map((row) => ({
        ...row,
        posts: (posts.get(row.id) ?? []).map((each) => ({ ...each, comments: comments.get(each.id) ?? [] })),
      })),
  },
  {
    id: "insert",
    title: "single insert, not waiting for disk",
    level: "os",
    ops: 8_000,
    target: null,
    args: (i, { sizes }) => [newPost(i, sizes)],
    writes: "posts",
  },
  {
    id: "bulk",
    title: "bulk insert, transactions of 1000",
    level: "os",
    ops: 1,
    /** Documents per operation: rates are documents a second. */
    docs: 16_000,
    target: 0.7,
    args: (_i, { sizes }) => [extra(sizes, 1)],
    writes: "all",
  },
  {
    id: "update",
    title: "update one field, not waiting for disk",
    level: "os",
    ops: 15_000,
    target: 1,
    args: (i, { sizes }) => [1 + pick(35, i, sizes.posts), 20_000 + i],
    writes: "views",
  },
  {
    id: "durable",
    title: "single insert, durable (fsync)",
    level: "fsync",
    ops: 200,
    target: null,
    args: (i, { sizes }) => [newPost(i, sizes)],
    writes: "posts",
  },
];
