/**
 * A proxy in front of a PostgreSQL server that cuts a connection at a message of the protocol.
 *
 *   message = type (1 byte), length (int32, itself included), body       the very first one of a client has no type
 *
 * It counts the messages of one direction from the moment it is armed; when the n-th is there, it is passed on (`after`) or
 * not (`before`), and both sides of that connection are closed. A connection then looks as it does when a network dies.
 */
import { connect, createServer, type Server, type Socket } from "node:net";

export interface Cut {
  readonly direction: "toServer" | "toClient";
  /** Counted from 1. */
  readonly message: number;
  /** Whether the message still arrives. */
  readonly passed: boolean;
}

/** Milliseconds in which the last message leaves the proxy. */
const FLUSH = 20;

/** Cuts a stream of bytes into messages. */
class Messages {
  #rest = Buffer.alloc(0);
  #started: boolean;

  /** `started`: the message without a type is over. */
  constructor(started: boolean) {
    this.#started = started;
  }

  *push(chunk: Buffer): IterableIterator<Buffer> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const head = this.#started ? 1 : 0;
      if (this.#rest.length < head + 4) return;
      const length = head + this.#rest.readInt32BE(head);
      if (this.#rest.length < length) return;
      const message = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      this.#started = true;
      yield message;
    }
  }
}

export class CuttingProxy {
  readonly #server: Server;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  #cut: Cut | null = null;
  #counted = 0;
  /** Types of the messages that passed since it was armed: `>Q` to the server, `<C` to the client. */
  seen: string[] = [];

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
    server.on("connection", (client) => this.#serve(client));
  }

  static async start(target: number): Promise<CuttingProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new CuttingProxy(server, target);
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Cuts once, on any connection; null: only looks on. */
  arm(cut: Cut | null): void {
    this.#cut = cut;
    this.#counted = 0;
    this.seen = [];
  }

  /** Whether the cut that was armed has been made. */
  get cut(): boolean {
    return this.#cut === null;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(client: Socket): void {
    const server = connect(this.#target, "127.0.0.1");
    let ended = false;
    const end = (later = 0) => {
      if (ended) return;
      ended = true;
      if (later > 0) setTimeout(destroy, later);
      else destroy();
    };
    const destroy = () => {
      for (const socket of [client, server]) {
        socket.destroy();
        this.#sockets.delete(socket);
      }
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => end());
      socket.on("close", () => end());
    }
    this.#pipe(client, server, new Messages(false), "toServer", end);
    this.#pipe(server, client, new Messages(true), "toClient", end);
  }

  #pipe(
    from: Socket,
    to: Socket,
    messages: Messages,
    direction: Cut["direction"],
    end: (later?: number) => void,
  ): void {
    from.on("data", (chunk) => {
      for (const message of messages.push(chunk)) {
        this.seen.push(`${direction === "toServer" ? ">" : "<"}${String.fromCharCode(message[0] ?? 0)}`);
        const cut = this.#cut;
        if (cut === null || cut.direction !== direction || ++this.#counted < cut.message) {
          to.write(message);
          continue;
        }
        this.#cut = null;
        if (!cut.passed) return end();
        // The message still goes out; the other side learns of the end after it.
        end(FLUSH);
        from.destroy();
        to.end(message);
        return;
      }
    });
  }
}
