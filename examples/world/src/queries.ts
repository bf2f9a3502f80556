/** A dozen and more questions, each a function: the call first, then how its answer is shown. */
import type { Database } from "./database.js";
import { table, wrapped } from "./print.js";

export async function largestCities(db: Database) {
  const rows = await db.cities.findMany({
    orderBy: { population: "desc" },
    limit: 8,
    select: ["name", "population"],
    populate: ["country"],
  });
  table(rows, {
    city: (row) => row.name,
    country: (row) => row.country.name.common,
    flag: (row) => row.country.flag,
    population: (row) => row.population,
  });
}

export async function citiesNearAPoint(db: Database) {
  // Within 30 km of the Eiffel tower: an index range of latitudes, then the longitudes of those rows.
  const rows = await db.cities.findMany({
    where: {
      location: { lat: { $gte: 48.59, $lte: 49.13 }, lon: { $gte: 1.88, $lte: 2.7 } },
      population: { $gte: 80_000 },
    },
    orderBy: { population: "desc" },
    limit: 6,
  });
  table(rows, {
    city: (row) => row.name,
    latitude: (row) => row.location.lat.toFixed(2),
    longitude: (row) => row.location.lon.toFixed(2),
    population: (row) => row.population,
  });
}

export async function countriesByRegion(db: Database) {
  const rows = await db.countries.groupBy({
    by: ["region"],
    where: { area: { $gt: 0 } },
    count: true,
    sum: ["area"],
    avg: ["area"],
    orderBy: { count: "desc" },
  });
  table(rows, {
    region: (row) => row.region,
    countries: (row) => row.count,
    "km², all": (row) => row.sum.area,
    "km², mean": (row) => row.avg.area,
  });
}

export async function nestedWithLimitPerParent(db: Database) {
  const rows = await db.countries
    .where({ region: "Oceania", cities: { some: { population: { $gt: 60_000 } } } })
    .orderBy("area", "desc")
    .withCities((cities) => cities.orderBy("population", "desc").limit(3))
    .withCitiesCount()
    .limit(6)
    .all();
  table(rows, {
    country: (row) => row.name.common,
    "its three largest cities": (row) => row.cities.map((city) => city.name).join(", "),
    "of how many": (row) => row.citiesCount,
  });
}

export async function relationFilters(db: Database) {
  // Landlocked, and so is every neighbour: two coasts away from the sea.
  const rows = await db.countries.findMany({
    where: { landlocked: true, neighbours: { some: {}, every: { landlocked: true } } },
    orderBy: { name: { common: "asc" } },
    populate: ["neighbours"],
  });
  table(rows, {
    "doubly landlocked": (row) => row.name.common,
    neighbours: (row) => row.neighbours.map((each) => each.name.common).join(", "),
  });
}

export async function groupedCities(db: Database) {
  const rows = await db.cities.groupBy({
    by: ["countryCode"],
    where: { population: { $gte: 100_000 } },
    count: true,
    sum: ["population"],
    max: ["population"],
    having: { count: { $gte: 100 } },
    orderBy: { count: "desc" },
    limit: 6,
  });
  table(rows, {
    country: (row) => row.countryCode,
    "cities of 100,000": (row) => row.count,
    "people in them": (row) => row.sum.population,
    "in the largest": (row) => row.max.population,
  });
}

export async function textSearch(db: Database) {
  const rows = await db.cities.findMany({
    where: {
      $or: [{ name: { $startsWith: "San Fran" } }, { name: { $regex: /^New .*(burg|polis)$/ } }],
    },
    orderBy: [{ population: "desc" }],
    limit: 6,
    populate: ["country"],
  });
  table(rows, {
    city: (row) => row.name,
    country: (row) => row.country.name.common,
    population: (row) => row.population,
  });
}

export async function keysetPaging(db: Database) {
  const swiss = db.cities.where({ countryCode: "CH" }).orderBy("name");
  const page = swiss.select("id", "name", "population").limit(3);
  const first = await page.all();
  const last = first.at(-1);
  const second = last === undefined ? [] : await page.after(last).all();
  table([...first.map((row) => ({ page: 1, ...row })), ...second.map((row) => ({ page: 2, ...row }))], {
    page: (row) => String(row.page),
    city: (row) => row.name,
    population: (row) => row.population,
  });
}

export async function explained(db: Database) {
  const byIndex = await db.cities.explain(
    { where: { countryCode: "FR", population: { $gte: 200_000 } } },
    { analyze: true },
  );
  const byScan = await db.cities.explain({ where: { name: { $endsWith: "ville" } } }, { analyze: true });
  console.log(wrapped(byIndex.text));
  console.log(wrapped(byScan.text));
}

export async function neighbours(db: Database) {
  const germany = await db.countries.findById("DEU", { populate: ["neighbours.neighbours"] });
  table(germany?.neighbours ?? [], {
    "borders on Germany": (row) => row.name.common,
    "and on": (row) => row.neighbours.map((each) => each.cca3).join(" "),
  });
}

export async function nestedJson(db: Database) {
  const rows = await db.countries.findMany({
    where: { name: { common: { $startsWith: "S" } }, capital: { $some: { $startsWith: "S" } } },
    omit: ["tld", "createdAt", "updatedAt", "rev"],
    limit: 4,
  });
  table(rows, {
    country: (row) => row.name.official,
    capitals: (row) => row.capital.join(", "),
    currencies: (row) =>
      Object.values(row.currencies)
        .map((each) => each.name)
        .join(", "),
    languages: (row) => Object.values(row.languages).length,
  });
}

export async function callbackFilter(db: Database) {
  const palindrome = (text: string) => text.length > 5 && text === [...text].reverse().join("");
  const rows = await db.cities.findMany({
    where: { $where: (city) => palindrome(city.name.toLowerCase()) },
    orderBy: { population: "desc" },
    limit: 5,
    populate: ["country"],
  });
  table(rows, {
    palindrome: (row) => row.name,
    country: (row) => row.country.name.common,
    population: (row) => row.population,
  });
}

export async function streamed(db: Database) {
  let north = 0;
  for await (const city of db.cities.stream({ select: ["location"] })) {
    if (city.location.lat > 0) north++;
  }
  const all = await db.cities.count();
  console.log(
    `${((100 * north) / all).toFixed(1)} % of ${all.toLocaleString("en-US")} places lie north of the equator`,
  );
}

export const QUERIES = {
  "The largest cities": largestCities,
  "Cities near a point": citiesNearAPoint,
  "Countries by region": countriesByRegion,
  "Nested, with a limit for each parent": nestedWithLimitPerParent,
  "By what they are related to": relationFilters,
  "Groups, filtered and ordered": groupedCities,
  Text: textSearch,
  "Pages by key": keysetPaging,
  "How it is answered": explained,
  "Many to many, twice": neighbours,
  "Nested values, and all fields but some": nestedJson,
  "A condition in code": callbackFilter,
  "A stream of everything": streamed,
} as const;
