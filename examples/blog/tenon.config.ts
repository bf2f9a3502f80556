import { defineConfig } from "tenon/config";

export default defineConfig({ models: ["./models.ts"] });
