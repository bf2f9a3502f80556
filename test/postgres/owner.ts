/** Starts a server as a test run does, says where, and waits to be killed. */
import { join } from "node:path";
import { makeHome } from "../support/postgres-home.js";
import { PostgresServer } from "../support/postgres-server.js";

const home = makeHome();
const server = await PostgresServer.make(join(home, "server"));
await server.start();
process.stdout.write(`${JSON.stringify({ home, pid: server.pid })}\n`);
setInterval(() => {}, 1000);
