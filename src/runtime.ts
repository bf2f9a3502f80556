/** `tenon/runtime`: what generated code imports, and nothing else. */
export { createBoundClient, type Generated } from "./repository/client.js";
