/**
 * The blog data set: 10,000 users, 50,000 posts (200-character bodies, 3 tags), 100,000 comments; about 30 MB as JSON.
 * Document n is a pure function of n, so that each peer's answers can be checked against plain JavaScript.
 */
import { pick } from "../lib/random.mjs";

export const FULL = { users: 10_000, posts: 50_000, comments: 100_000 };

const SYLLABLES = "ka lo mi ren tu sha vo pel din ar os te qui zan be fro".split(" ");
const TAGS = "travel food code music art film news sport science books".split(" ");
const WORDS = "the quick brown fox jumps over a lazy dog while seven wizards brew potions near quiet rivers".split(" ");

function name(n) {
  let text = "";
  for (let i = 0; i < 3; i++) text += SYLLABLES[pick(11 + i, n, SYLLABLES.length)];
  return `${text[0].toUpperCase()}${text.slice(1)} ${n}`;
}

function sentence(salt, n, length) {
  let text = "";
  for (let i = 0; text.length < length; i++) text += `${WORDS[pick(salt + i * 7, n, WORDS.length)]} `;
  return text.slice(0, length);
}

export const user = (id) => ({ id, email: `user${id}@example.org`, name: name(id), age: 18 + pick(1, id, 60) });

export const post = (id, sizes) => ({
  id,
  authorId: 1 + pick(2, id, sizes.users),
  title: `Post ${id}`,
  body: sentence(100, id, 200),
  tags: [0, 1, 2].map((i) => TAGS[(pick(3, id, TAGS.length) + i * 3) % TAGS.length]),
  views: pick(4, id, 10_000),
});

export const comment = (id, sizes) => ({
  id,
  postId: 1 + pick(5, id, sizes.posts),
  text: sentence(500, id, 60),
});

const range = (from, count, make) => Array.from({ length: count }, (_, i) => make(from + i));

/** All documents, ids from 1. */
export function dataset(sizes) {
  return {
    users: range(1, sizes.users, user),
    posts: range(1, sizes.posts, (id) => post(id, sizes)),
    comments: range(1, sizes.comments, (id) => comment(id, sizes)),
  };
}

/** New documents in the data set's proportions (1 : 5 : 10), ids after the existing ones; `thousands` of users. */
export function extra(sizes, thousands) {
  const count = thousands * 1000;
  return {
    users: range(sizes.users + 1, count, user),
    posts: range(sizes.posts + 1, count * 5, (id) => post(id, sizes)),
    comments: range(sizes.comments + 1, count * 10, (id) => comment(id, sizes)),
  };
}
