export { Border } from "./border.js";
export { City } from "./city.js";
export { Country } from "./country.js";
