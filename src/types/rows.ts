/**
 * What comes back: rows narrowed by `select` and `omit`, with the relations that `populate` loads. `K` is the interface
 * that the generated file of a model calls `<Model>Types`. Invariant: the plain row is decided first and costs least, and
 * what is not asked for is `never` (see docs/editor.md for the costs; `npm run test:types` counts them).
 */

/** What the rows of a model are made of. */
export interface RowTypes {
  row: unknown;
  /** What populate adds, by relation, with nothing loaded in it. */
  relations: unknown;
  /** The types of the rows at the other end, where those have relations. */
  next: { [relation: string]: RowTypes };
  /** What populate takes. */
  path: string;
}

/** First steps of paths: `"posts.comments"` -> `"posts"`. */
export type Head<P extends string> = P extends `${infer H}.${string}` ? H : P;
/** What follows the step `K`: `"posts.comments"` after `"posts"` -> `"comments"`. */
export type Tail<P extends string, K extends string> = P extends `${K}.${infer R}` ? R : never;

/** Related rows `X` with the relations that the paths `P` load in them: a list, one, or none. */
export type Deeper<X, K extends RowTypes, P extends string> = [P] extends [never]
  ? X
  : X extends readonly unknown[]
    ? Found<K, K["row"], P, never>[]
    : X extends null
      ? null
      : Found<K, K["row"], P, never>;

/** A row without some of its fields. */
export type Without<T, K> = { [P in keyof T as P extends K ? never : P]: T[P] };

/**
 * What a call finds: the row `T` of the fields `S` without `O` (never: all of them, none of them) and with the relations
 * that the paths `P` load.
 */
// Conditional types, because a hover shows the name of an alias and not what it comes to. The loaded relations are mapped
// over keys of the relations (`H`), so that each is still what the model declares (go to definition). All paths at once is
// what the compiler takes for a path with a typo in it, at every key pressed: they are not taken apart.
export type Found<K extends RowTypes, T, P extends string, S extends keyof T, O extends keyof T = never> = [P] extends [
  never,
]
  ? [S] extends [never]
    ? [O] extends [never]
      ? T
      : Without<T, O>
    : [O] extends [never]
      ? Pick<T, S>
      : Without<Pick<T, S>, O>
  : K["path"] extends P
    ? Found<K, T, never, S, O> & {
        [R in keyof K["relations"]]: Deeper<K["relations"][R], K["next"][R & keyof K["next"]], Tail<P, R & string>>;
      }
    : Head<P> extends infer H extends keyof K["relations"]
      ? Found<K, T, never, S, O> & {
          [R in H]: Deeper<K["relations"][R], K["next"][R & keyof K["next"]], Tail<P, R & string>>;
        }
      : never;

/** A row as a call returns it, to be named in your own code: `Row<UserTypes, "posts.comments", "id" | "email">`. */
export type Row<
  K extends RowTypes,
  P extends string = never,
  S extends keyof K["row"] = never,
  O extends keyof K["row"] = never,
> = Found<K, K["row"], P, S, O>;
