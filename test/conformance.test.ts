/** Every spec on every target of the embedded engine, and on the reference. */
import { describe } from "vitest";
import { SPECS } from "./conformance/index.js";
import { EMBEDDED_TARGETS } from "./targets.js";

for (const target of EMBEDDED_TARGETS) {
  describe(target.name, () => {
    for (const spec of SPECS) spec(target);
  });
}
