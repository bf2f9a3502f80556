/** `tenon/runtime`: what generated code imports, and nothing else. */
export { type Generated, createBoundClient } from "./repository/client.js";
