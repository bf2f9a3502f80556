import { defineConfig } from "vitest/config";

/** `npm run test:types`: the gate on the cost of types, apart from the tests of behaviour. */
export default defineConfig({ test: { include: ["type-tests/*.test.ts"], testTimeout: 300_000 } });
