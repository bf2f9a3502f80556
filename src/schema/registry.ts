/** Registry: collects model drafts and resolves them, all at once, into a Schema. */
import type { ModelDraft } from "./draft.js";
import { type ResolvedModels, resolveDrafts } from "./resolve.js";

export type { ResolvedModels } from "./resolve.js";

export class Registry {
  readonly #drafts: ModelDraft[] = [];

  /** Takes a draft as it is; mistakes, duplicates included, are reported by `resolve`. */
  add(draft: ModelDraft): void {
    this.#drafts.push(draft);
  }

  get size(): number {
    return this.#drafts.length;
  }

  /** Throws one SchemaError that holds every mistake of every model. */
  resolve(): ResolvedModels {
    return resolveDrafts(this.#drafts);
  }
}
