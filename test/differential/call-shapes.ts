/** What the random calls know of the models of client-models.ts: values of fields, relations, unique filters. */
import type { Collection } from "./client-models.js";
import type { Random } from "./random.js";

export type Args = Record<string, unknown>;

/** The n-th key of the kind that the run has met. */
export interface Ref {
  readonly $met: "person" | "card" | "note";
  readonly n: number;
}

export const TEXTS = ["", "a", "b", "ab", "é", "😀", "'", '"', "\\", "%", "_", "x y"];
export const EMAILS = ["a@x", "b@x", "c@x", "d@x", "e@x", "'; drop table people;--"];
export const TEAMS = ["red", "blue", "green", "O'Hara"];
const NUMBERS = [-1, 0, 1, 2, 3, 10];
const BIGS = [-(2n ** 70n), -1n, 0n, 5n, 2n ** 64n];
const DATES = [-1, 0, 1000, 1e12];

/** A field's values, and how filters compare them. */
export type Make = (random: Random) => unknown;

export interface Shape {
  readonly fields: Readonly<Record<string, Make>>;
  /** Fields that a create may leave out. */
  readonly loose: readonly string[];
  readonly relations: Readonly<
    Record<string, readonly [target: Collection, many: boolean, loose: boolean, back: readonly string[]]>
  >;
  readonly unique: (random: Random) => Args;
  readonly ordered: readonly string[];
}

export const ref = (random: Random, $met: Ref["$met"]): Ref => ({ $met, n: random.int(0, 12) });
export const text: Make = (random) => random.pick(TEXTS);
const number: Make = (random) => random.pick(NUMBERS);
export const big: Make = (random) => random.pick(BIGS);
const date: Make = (random) => new Date(random.pick(DATES));
export const octets: Make = (random) => new Uint8Array(random.list(0, 2, () => random.int(0, 255)));
const orNull =
  (make: Make): Make =>
  (random) =>
    random.chance(0.25) ? null : make(random);

function home(random: Random): unknown {
  const result: Args = { city: text(random), since: orNull(date)(random) };
  if (random.chance(0.5)) result["zip code"] = text(random);
  if (random.chance(0.4)) result.debt = big(random);
  if (random.chance(0.3)) result.key = octets(random);
  return result;
}

export const SHAPES: Readonly<Record<Collection, Shape>> = {
  people: {
    fields: {
      email: (random) => random.pick(EMAILS),
      name: text,
      age: orNull((random) => random.int(random.chance(0.1) ? -1 : 0, 5)),
      score: (random) => random.pick([-0.5, 0, 0.25, 1e10]),
      tags: (random) => random.list(0, 3, () => text(random)),
      home,
    },
    loose: ["age", "score", "tags", "home"],
    relations: {
      boss: ["people", false, true, ["bossId"]],
      reports: ["people", true, true, []],
      card: ["cards", false, false, []],
      notes: ["notes", true, true, []],
      teams: ["teams", true, true, []],
    },
    unique: (random) => (random.chance(0.5) ? { id: ref(random, "person") } : { email: random.pick(EMAILS) }),
    ordered: ["name", "age", "score", "email"],
  },
  cards: {
    fields: { text, data: orNull(octets) },
    loose: ["data"],
    relations: { person: ["people", false, false, ["personId"]] },
    unique: (random) => (random.chance(0.5) ? { id: ref(random, "card") } : { personId: ref(random, "person") }),
    ordered: ["text", "data"],
  },
  notes: {
    fields: { title: text, rank: orNull((random) => random.int(-3, 6)), amount: big, at: orNull(date) },
    loose: ["rank", "at"],
    relations: { owner: ["people", false, true, ["ownerId"]], remarks: ["remarks", true, false, []] },
    unique: (random) => (random.chance(0.5) ? { id: ref(random, "note") } : { rank: random.int(-3, 6) }),
    ordered: ["title", "rank", "amount", "at"],
  },
  remarks: {
    fields: { line: (random) => random.int(1, 4), text },
    loose: [],
    relations: { note: ["notes", false, false, ["noteId"]] },
    unique: (random) => ({ noteId: ref(random, "note"), line: random.int(1, 4) }),
    ordered: ["line", "text"],
  },
  teams: {
    fields: { name: (random) => random.pick(TEAMS), size: number },
    loose: ["size"],
    relations: { members: ["people", true, true, []] },
    unique: (random) => ({ name: random.pick(TEAMS) }),
    ordered: ["name", "size"],
  },
  memberships: {
    fields: { role: (random) => random.pick(["lead", "member"]), weight: number },
    loose: ["role", "weight"],
    relations: { person: ["people", false, false, ["personId"]], team: ["teams", false, false, ["teamName"]] },
    unique: (random) => ({ personId: ref(random, "person"), teamName: random.pick(TEAMS) }),
    ordered: ["weight", "role"],
  },
};

export const KEYS: Readonly<Record<string, Make>> = {
  bossId: (random) => ref(random, "person"),
  personId: (random) => ref(random, "person"),
  ownerId: (random) => ref(random, "person"),
  noteId: (random) => ref(random, "note"),
  teamName: (random) => random.pick(TEAMS),
};

/** Relations whose links carry data. */
export const LINKED = new Set(["teams", "members"]);
