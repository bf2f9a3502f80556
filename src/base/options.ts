/** Options that every call which can wait takes. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}
