import { defineConfig } from "vitest/config";

export default defineConfig({
  // Tests import the package by its public names; they run against the sources.
  resolve: {
    alias: [
      { find: /^tenon$/, replacement: new URL("./src/index.ts", import.meta.url).pathname },
      { find: /^tenon\/(.*)$/, replacement: new URL("./src/$1.ts", import.meta.url).pathname.replace("%241", "$1") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    exclude: ["**/node_modules/**", "test/fixtures/**", "test/golden/**"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
