/** The PostgreSQL engine. The driver is yours to install and pass in: pg, or PGlite. */
export {
  type PgliteOptions,
  type PoolOptions,
  type PostgresOptions,
  postgres,
  type ServerOptions,
} from "./engine/postgres/postgres.js";
