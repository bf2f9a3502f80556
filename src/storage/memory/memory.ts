/** Storage in memory only: nothing is kept when the process ends. */
import { MapStore } from "../map/map-store.js";
import type { Store } from "../store.js";

/** A store that lives as long as the process. Give each engine its own. */
export function memory(): Store {
  return new MapStore("memory()", null);
}
