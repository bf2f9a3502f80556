/**
 * Every engine over every storage, one entry each. The conformance suite runs every spec on every target; the differential
 * campaign compares every target with the reference. A new engine or storage is one entry here (the compliance test asks for it).
 */
import { REFERENCE_CAPABILITIES, referenceEngine } from "./support/reference-engine.js";
import type { Target } from "./support/target.js";

export const REFERENCE: Target = {
  name: "reference",
  factories: [],
  capabilities: { ...REFERENCE_CAPABILITIES, reopens: false },
  place: async () => ({ engine: referenceEngine, dispose: async () => undefined }),
};

export const TARGETS: readonly Target[] = [REFERENCE];
