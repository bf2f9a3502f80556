/**
 * Every engine over every storage, one entry each. The conformance suite runs every spec on every target; the differential
 * campaign compares every target with the reference. A new engine or storage is one entry here (the compliance test asks for it).
 */
import { embedded, memory } from "../src/embedded.js";
import { REFERENCE_CAPABILITIES, referenceEngine } from "./support/reference-engine.js";
import type { Target } from "./support/target.js";

export const REFERENCE: Target = {
  name: "reference",
  factories: [],
  capabilities: { ...REFERENCE_CAPABILITIES, reopens: false },
  place: async () => ({ engine: referenceEngine, dispose: async () => undefined }),
};

const onMemory: Target = {
  name: "embedded, memory",
  factories: ["embedded", "memory"],
  capabilities: { isolation: "serializable", writers: "one", durable: false, reopens: false },
  place: async () => ({ engine: () => embedded({ storage: memory() }), dispose: async () => undefined }),
};

export const TARGETS: readonly Target[] = [REFERENCE, onMemory];
