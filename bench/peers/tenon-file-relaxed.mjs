import { inFile, openTenon } from "./tenon.mjs";

export const levels = ["read", "os"];
export const open = (dir) => openTenon(inFile(dir, "relaxed"));
