/** Every spec on every SQL engine. */
import { describe } from "vitest";
import { SPECS } from "./conformance/index.js";
import { SQL_TARGETS } from "./support/sql-targets.js";

for (const target of SQL_TARGETS) {
  describe(target.name, () => {
    for (const spec of SPECS) spec(target);
  });
}
