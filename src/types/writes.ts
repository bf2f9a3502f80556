/** What data may say: operators of an update, and the writes of related rows. */

/** What the writes of a model take. */
export interface WriteTypes {
  where: unknown;
  /** Names at most one row. */
  unique: unknown;
  create: unknown;
  update: unknown;
  /** Of many rows at once: without relations. */
  updateMany: unknown;
}

/** `{ $set: value }`: the same as the value alone. */
export interface SetTo<T> {
  $set: T;
}
/** Removes an optional value; a nullable one becomes null. */
export interface Unset {
  $unset: true;
}
/** Atomic arithmetic, or `$set`. */
export interface NumberUpdate<T> {
  $inc?: T;
  $mul?: T;
  $set?: T;
}
/** Adds or removes elements, or replaces the list. */
export interface ListUpdate<T> {
  /** An element, or several in an array. */
  $push?: T | readonly T[];
  /** Removes every element equal to this, or to one of these. */
  $pull?: T | readonly T[];
  $set?: readonly T[];
}
/** Changes some properties of a nested object, or replaces it. */
export interface ObjectUpdate<T> {
  $patch?: Partial<T>;
  $set?: T;
}

export interface ConnectOrCreate<C, U> {
  where: U;
  create: C;
}
export interface ToOneCreate<C, U> {
  create?: C;
  connect?: U;
  connectOrCreate?: ConnectOrCreate<C, U>;
}
export interface ToOneUpdate<K extends WriteTypes, C, U = K["unique"]> extends ToOneCreate<C, U> {
  update?: UpdateRelated<K["update"], K["where"]>;
  upsert?: { where?: K["where"]; create: C; update: K["update"] };
}
/** A to-one relation that may be empty. */
export interface ToOptionalUpdate<K extends WriteTypes, C, U = K["unique"]> extends ToOneUpdate<K, C, U> {
  disconnect?: true;
  delete?: true;
}
export interface ToManyCreate<C, U> {
  create?: C | readonly C[];
  connect?: U | readonly U[];
  connectOrCreate?: ConnectOrCreate<C, U> | readonly ConnectOrCreate<C, U>[];
}
export interface ToManyUpdate<K extends WriteTypes, C, U = K["unique"]> extends ToManyCreate<C, U> {
  /** Exactly these rows are related afterwards. */
  set?: U | readonly U[];
  disconnect?: U | readonly U[];
  delete?: U | readonly U[];
  deleteMany?: K["where"] | readonly K["where"][];
  update?: UpdateOne<U, K["update"]> | readonly UpdateOne<U, K["update"]>[];
  updateMany?: UpdateRelated<K["update"], K["where"]> | readonly UpdateRelated<K["update"], K["where"]>[];
  upsert?: UpsertOne<C, U, K["update"]> | readonly UpsertOne<C, U, K["update"]>[];
}
export interface UpdateOne<U, D> {
  where: U;
  data: D;
}
export interface UpdateRelated<D, W> {
  where?: W;
  data: D;
}
export interface UpsertOne<C, U, D> {
  where: U;
  create: C;
  update: D;
}
/** The payload of the row between two models of a many-to-many relation. */
export interface Through<T> {
  $through?: T;
}
