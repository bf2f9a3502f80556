import { inFile, openTenon } from "./tenon.mjs";

export const levels = ["read", "fsync"];
/** Workloads of a weaker level that are worth showing although each commit waits for the disk here. */
export const also = ["bulk"];
export const open = (dir) => openTenon(inFile(dir, "strict"));
