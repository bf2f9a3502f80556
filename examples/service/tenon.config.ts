import { defineConfig } from "tenon/config";

export default defineConfig({ models: ["./src/models.ts"] });
