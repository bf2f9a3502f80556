/**
 * What comes back: rows narrowed by `select` and `omit`, with the relations that `populate` loads. `K` is the interface
 * that the generated file of a model calls `<Model>Types`.
 */

/** What the rows of a model are made of. */
export interface RowTypes {
  row: unknown;
  /** What populate adds, by relation, with nothing loaded in it. */
  relations: unknown;
  /** The types of the rows at the other end, where those have relations. */
  next: unknown;
  /** What populate takes. */
  path: string;
}

/** First steps of paths: `"posts.comments"` -> `"posts"`. */
export type Head<P extends string> = P extends `${infer H}.${string}` ? H : P;
/** What follows the step `K`: `"posts.comments"` after `"posts"` -> `"comments"`. */
export type Tail<P extends string, K extends string> = P extends `${K}.${infer R}` ? R : never;

// What the paths `P` load is written out twice below, because a hover shows the name of an alias and not what it comes to.
// It is mapped over the keys of the relations, so that a loaded one is still what the model declares (go to definition).

/** Related rows with relations of their own: a list, one, or none. */
export type Deeper<X, K, P extends string> = K extends RowTypes
  ? X extends readonly (infer T)[]
    ? Deeper<T, K, P>[]
    : X extends null
      ? null
      : X & {
          [R in keyof K["relations"] as R & Head<P>]: [Tail<P, R & string>] extends [never]
            ? K["relations"][R]
            : Deeper<K["relations"][R], K["next"][R & keyof K["next"]], Tail<P, R & string>>;
        }
  : X;
/** A row without some of its fields. */
export type Without<T, K> = { [P in keyof T as P extends K ? never : P]: T[P] };
/** The fields `S` without `O`; the plain row when that is all of them. */
export type PickRow<T, S extends keyof T, O extends keyof T> = [O] extends [never]
  ? keyof T extends S
    ? T
    : Pick<T, S>
  : keyof T extends S
    ? Omit<T, O>
    : Without<Pick<T, S>, O>;

/**
 * A row with the relations that the paths `P` load, of the fields `S` without `O`: `Row<UserTypes, "posts.comments">`.
 */
// The plain row is decided here once more, though PickRow would: most calls ask for it, and it costs half this way.
export type Row<
  K extends RowTypes,
  P extends string = never,
  S extends keyof K["row"] = keyof K["row"],
  O extends keyof K["row"] = never,
> = [P] extends [never]
  ? [O] extends [never]
    ? keyof K["row"] extends S
      ? K["row"]
      : Pick<K["row"], S>
    : PickRow<K["row"], S, O>
  : PickRow<K["row"], S, O> & {
      [R in keyof K["relations"] as R & Head<P>]: [Tail<P, R & string>] extends [never]
        ? K["relations"][R]
        : Deeper<K["relations"][R], K["next"][R & keyof K["next"]], Tail<P, R & string>>;
    };
