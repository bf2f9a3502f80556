/** Starts the service, and ends it in order. `npm start -- --help` shows the flags. */
import { parseArgs } from "node:util";
import { serve } from "@hono/node-server";
import { app } from "./app.js";
import { open, type Where } from "./database.js";

const USAGE = `npm start -- [flags]
  --engine NAME  postgres (default) or embedded
  --url URL      of the PostgreSQL database (default DATABASE_URL)
  --data FILE    of the embedded engine (default data/shop.json)
  --port N       default 3000; 0: any free one`;

const { values } = parseArgs({
  options: {
    engine: { type: "string", default: "postgres" },
    url: { type: "string", default: process.env.DATABASE_URL ?? "" },
    data: { type: "string", default: "data/shop.json" },
    port: { type: "string", default: "3000" },
    help: { type: "boolean", default: false },
  },
});

function where(): Where | null {
  if (values.engine === "embedded") return { engine: "embedded", path: values.data };
  return values.engine === "postgres" && values.url !== "" ? { engine: "postgres", url: values.url } : null;
}

async function run(place: Where): Promise<void> {
  const db = await open(place);
  const server = serve({ fetch: app(db).fetch, port: Number(values.port) }, ({ port }) =>
    console.log(`the shop listens on http://localhost:${port} (${place.engine})`),
  );
  // Requests that run are answered, new ones are not taken; then the database is closed.
  const stop = (): void => {
    server.close(async () => {
      await db.close();
      console.log("closed");
    });
    if ("closeIdleConnections" in server) server.closeIdleConnections();
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

const place = values.help ? null : where();
if (place === null) {
  console.log(USAGE);
  if (!values.help) process.exitCode = 1;
} else await run(place);
