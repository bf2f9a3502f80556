import { inMemory, openTenon } from "./tenon.mjs";

export const levels = ["read", "os"];
export const memoryOnly = true;
export const open = () => openTenon(inMemory());
