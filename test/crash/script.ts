/** Random workloads: a list of steps that follows from a seed alone. */
import { Random } from "../differential/random.js";
import type { Write } from "./model.js";
import { FIRST_SHAPE, type Shape, toggled } from "./schemas.js";

export type Step =
  /** Writes that commit each by itself; all are called before the first one is awaited. */
  | { readonly kind: "writes"; readonly writes: readonly Write[] }
  /** One transaction; inner lists are savepoints, `keep` says whether they (and the whole) are committed. */
  | {
      readonly kind: "transaction";
      readonly parts: readonly {
        readonly nested: boolean;
        readonly keep: boolean;
        readonly writes: readonly Write[];
      }[];
      readonly keep: boolean;
    }
  | { readonly kind: "schema"; readonly to: Shape }
  | { readonly kind: "compact" }
  | { readonly kind: "reopen" };

/** Enough that documents meet, few enough that a state stays small. */
const IDS = 9;

export function scriptOf(seed: number, steps: number): Step[] {
  const random = new Random(seed);
  let shape = FIRST_SHAPE;
  let unique = 0;
  const script: Step[] = [{ kind: "schema", to: shape }];
  const text = (): string =>
    `${unique++}${'é\n"x'.repeat(random.chance(0.2) ? random.int(50, 400) : random.int(0, 8))}`;
  const write = (): Write =>
    random.weighted<Write>([
      [
        5,
        () => ({
          kind: "putItem",
          id: random.int(1, IDS),
          n: random.int(0, 3),
          text: random.chance(0.2) ? null : text(),
        }),
      ],
      [2, () => ({ kind: "textOfN", n: random.int(0, 3), text: text() })],
      [3, () => ({ kind: "addN", id: random.int(1, IDS), by: 4 + unique++ })],
      [2, () => ({ kind: "dropItem", id: random.int(1, IDS) })],
      [3, () => ({ kind: "addNote", itemId: random.chance(0.5) ? null : random.int(1, IDS), text: text() })],
      [1, () => ({ kind: "dropNotes", itemId: random.chance(0.5) ? null : random.int(1, IDS) })],
      [shape.tags ? 2 : 0, () => ({ kind: "putTag", id: `t${random.int(1, IDS)}`, n: unique++ })],
    ]);
  while (script.length < steps) {
    script.push(
      random.weighted<Step>([
        [8, () => ({ kind: "writes", writes: [write()] })],
        [3, () => ({ kind: "writes", writes: random.list(2, 5, write) })],
        [
          4,
          () => ({
            kind: "transaction",
            keep: random.chance(0.8),
            parts: random.list(1, 3, () => ({
              nested: random.chance(0.3),
              keep: random.chance(0.6),
              writes: random.list(1, 3, write),
            })),
          }),
        ],
        [
          1.5,
          () => {
            shape = toggled(shape, random.int(0, 4));
            return { kind: "schema", to: shape };
          },
        ],
        [1, () => ({ kind: "compact" })],
        [1, () => ({ kind: "reopen" })],
      ]),
    );
  }
  return script;
}
