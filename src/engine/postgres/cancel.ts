/**
 * Cancelling the statement that a connection runs, by the protocol's CancelRequest on a connection of its own:
 *
 *   int32 16, int32 80877102, int32 process, int32 secret
 *
 * It needs no free connection and no password, and PgBouncer passes it on to the right server. It is sent in the clear, as
 * libpq did until version 17: servers take it so whatever their rules for encryption are.
 */
import { connect } from "node:net";

export interface CancelTarget {
  readonly host?: string;
  readonly port?: number;
  readonly processID?: number | null;
  readonly secretKey?: number | null;
}

const CANCEL_CODE = 80877102;
const LENGTH = 16;

/** Resolves once the server has taken the request, or with false when it could not be asked within `patience` ms. */
export function requestCancel(target: CancelTarget, patience: number): Promise<boolean> {
  const { host, port, processID, secretKey } = target;
  if (typeof processID !== "number" || typeof secretKey !== "number" || port === undefined)
    return Promise.resolve(false);
  const message = Buffer.alloc(LENGTH);
  message.writeInt32BE(LENGTH, 0);
  message.writeInt32BE(CANCEL_CODE, 4);
  message.writeInt32BE(processID, 8);
  message.writeInt32BE(secretKey, 12);
  return new Promise((resolve) => {
    const socket = host?.startsWith("/") ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host ?? "localhost");
    const end = (done: boolean) => {
      socket.destroy();
      resolve(done);
    };
    socket.setTimeout(patience, () => end(false));
    socket.on("error", () => end(false));
    socket.on("connect", () => socket.write(message));
    // The server answers by closing, after it has told the process.
    socket.on("end", () => end(true));
    socket.on("close", () => resolve(true));
    socket.resume();
  });
}
