/** Prisma 7: the client in JavaScript and WebAssembly over a driver adapter, the same on both databases. */
import { thousands } from "../joined.mjs";

export function openPrisma(prisma, { counts, trim, loaded }) {
  const tables = { users: prisma.user, posts: prisma.post, comments: prisma.comment };
  const bulk = (data) => thousands(data, (table, rows) => tables[table].createMany({ data: rows }));
  const ordered = { orderBy: { id: "asc" } };
  return {
    async: true,
    level() {},
    load: async (data) => {
      await bulk(data);
      await loaded();
    },
    pointKey: (id) => prisma.post.findUnique({ where: { id } }),
    pointUnique: (email) => prisma.user.findUnique({ where: { email } }),
    range: (from, to) =>
      prisma.user.findMany({
        where: { age: { gte: from, lte: to } },
        orderBy: [{ name: "asc" }, { id: "asc" }],
        take: 20,
      }),
    populate: (from, to) =>
      prisma.user.findMany({
        where: { id: { gte: from, lte: to } },
        ...ordered,
        include: { posts: { ...ordered, include: { comments: ordered } } },
      }),
    insert: (data) => prisma.post.create({ data }),
    bulk,
    update: (id, views) => prisma.post.update({ where: { id }, data: { views } }),
    counts,
    trim,
    close: () => prisma.$disconnect(),
  };
}
