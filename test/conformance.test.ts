/** Every spec on every target. */
import { describe } from "vitest";
import { SPECS } from "./conformance/index.js";
import { TARGETS } from "./targets.js";

for (const target of TARGETS) {
  describe(target.name, () => {
    for (const spec of SPECS) spec(target);
  });
}
