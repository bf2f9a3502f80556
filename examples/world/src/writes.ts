/** What a database must refuse, and what must be left when it does: nothing. */
import { ConflictError, ForeignKeyViolationError, UniqueViolationError, ValidationError } from "tenon";
import type { Database } from "./database.js";
import { dim, number, table, wrapped } from "./print.js";

type Refusal = abstract new (...args: never[]) => Error & { readonly code: string };

/** Runs what must fail with `kind`, and returns the error. */
async function refused<E extends Refusal>(kind: E, work: () => Promise<unknown>): Promise<InstanceType<E>> {
  try {
    await work();
  } catch (error) {
    if (error instanceof kind) return error as InstanceType<E>;
    throw error;
  }
  throw new TypeError(`${kind.name} was expected, but the call went through`);
}

const firstLines = (text: string): string =>
  text
    .split("\n")
    .slice(0, 4)
    .map((line) => `  ${/^ */.exec(line)?.[0] ?? ""}${wrapped(line.trimStart())}`)
    .join("\n");

export async function failedTransaction(db: Database) {
  const before = { countries: await db.countries.count(), cities: await db.cities.count() };
  const error = await refused(UniqueViolationError, () =>
    db.transaction(async (tx) => {
      const [france] = await tx.countries.findMany({ where: { cca2: "FR" } });
      const { createdAt: _made, updatedAt: _changed, rev: _rev, ...shape } = france!;
      await tx.countries.create({
        data: { ...shape, cca3: "ATL", cca2: "A0", name: { ...shape.name, common: "Atlantis" } },
      });
      await tx.cities.create({
        data: {
          id: -1,
          name: "Poseidonis",
          countryCode: "A0",
          population: 9,
          location: { lat: 31, lon: -24 },
          kind: "PPLC",
        },
      });
      console.log(
        `inside:  ${number(await tx.countries.count())} countries, ${number(await tx.cities.count())} cities`,
      );
      await tx.countries.create({ data: { ...shape, cca3: "AT2" } }); // cca2 "FR" is taken
    }),
  );
  console.log(dim(firstLines(`${error.name} ${error.message}`)));
  const after = { countries: await db.countries.count(), cities: await db.cities.count() };
  console.log(`after:   ${number(after.countries)} countries, ${number(after.cities)} cities`);
  if (after.countries !== before.countries || after.cities !== before.cities) throw new TypeError("something was left");
}

export async function optimisticLock(db: Database) {
  const read = await db.countries.findByIdOrThrow("FRA", { select: ["cca3", "flag", "rev"] });
  // Somebody else changes the row meanwhile, so our copy is stale.
  const theirs = await db.countries.update({ where: { cca3: "FRA" }, data: { flag: read.flag } });
  const error = await refused(ConflictError, () =>
    db.countries.update({ where: { cca3: "FRA", rev: read.rev }, data: { flag: "🏳" } }),
  );
  console.log(`read at revision ${read.rev}, now at ${theirs.rev}`);
  console.log(dim(firstLines(`${error.name} ${error.message}`)));
}

export async function manyWriters(db: Database) {
  const find = (tx: Pick<Database, "cities">) => tx.cities.findFirstOrThrow({ orderBy: { id: "asc" } });
  const before = await find(db);
  let attempts = 0;
  const addOne = () =>
    db.transaction(
      async (tx) => {
        attempts++;
        const city = await find(tx);
        await tx.cities.update({ where: { id: city.id }, data: { population: city.population + 1 } });
      },
      { retries: 50 },
    );
  await Promise.all(Array.from({ length: 5 }, addOne));
  const after = await find(db);
  console.log(
    `five transactions at once read a number and wrote one more: ${after.population - before.population} more`,
  );
  // One writer at a time, or several that are refused when another was first: then the function runs again.
  console.log(dim(attempts === 5 ? "(one after the other)" : `(at the same time; run ${attempts} times)`));
  await db.cities.update({ where: { id: before.id }, data: { population: before.population } });
}

export async function refusals(db: Database) {
  const { countryCode } = await db.cities.findFirstOrThrow();
  const city = { id: -2, name: "Nowhere", countryCode, population: 0, location: { lat: 0, lon: 0 }, kind: "PPL" };
  const errors = [
    await refused(ForeignKeyViolationError, () => db.cities.create({ data: { ...city, countryCode: "??" } })),
    await refused(ForeignKeyViolationError, () => db.countries.delete({ where: { cca2: countryCode } })),
    await refused(ValidationError, () =>
      db.cities.create({ data: { ...city, name: "", population: -1, location: { lat: 91, lon: 0 } } }),
    ),
  ];
  table(errors, { error: (row) => row.name, code: (row) => row.code });
  for (const error of errors) console.log(dim(firstLines(error.message)));
}

export const WRITES = {
  "A transaction that fails leaves nothing": failedTransaction,
  "Two writers, one row": optimisticLock,
  "Many writers, one row": manyWriters,
  "What is refused": refusals,
} as const;
