/** Once per run: the folder in which a PostgreSQL server is started if a test asks for one; it is stopped at the end. */
import { HOME_VARIABLE, makeHome, removeHome } from "./postgres-home.js";

export default function setup(): () => void {
  const home = makeHome();
  process.env[HOME_VARIABLE] = home;
  return () => removeHome(home);
}
