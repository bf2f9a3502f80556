/** A language server as a child process: JSON messages out, framed JSON messages in (`Content-Length`, blank line, body). */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";

export type Message = Readonly<Record<string, unknown>>;

export class Wire {
  readonly #child: ChildProcess;
  readonly #framed: boolean;
  readonly #listeners = new Set<(message: Message) => void>();
  readonly #gone = new Set<(error: Error) => void>();
  #rest = Buffer.alloc(0);
  #errors = "";
  #ended: Error | null = null;

  /** `framed`: whether what is sent needs the header too (LSP does, tsserver wants lines). */
  constructor(args: readonly string[], cwd: string, framed: boolean) {
    this.#framed = framed;
    this.#child = spawn(process.execPath, args, { cwd, stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stdout?.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#errors += String(chunk);
    });
    this.#child.stdin?.on("error", () => {});
    this.#child.on("exit", (code, signal) => {
      this.#ended = new TypeError(`the server ended with ${code ?? signal}: ${this.#errors}`);
      for (const listener of [...this.#gone]) listener(this.#ended);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  send(message: object): void {
    const text = JSON.stringify(message);
    this.#child.stdin?.write(this.#framed ? `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}` : `${text}\n`);
  }

  listen(listener: (message: Message) => void): void {
    this.#listeners.add(listener);
  }

  /** The first message that `wanted` takes; rejects when the server ends first. */
  receive(wanted: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== null) {
        reject(this.#ended);
        return;
      }
      const done = (): void => {
        this.#listeners.delete(listener);
        this.#gone.delete(failed);
      };
      const listener = (message: Message): void => {
        if (!wanted(message)) return;
        done();
        resolve(message);
      };
      const failed = (error: Error): void => {
        done();
        reject(error);
      };
      this.#listeners.add(listener);
      this.#gone.add(failed);
    });
  }

  async close(): Promise<void> {
    if (this.#ended !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#gone.clear();
    this.#child.kill("SIGKILL");
    await ended;
  }

  #receive(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const head = this.#rest.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(/Content-Length: (\d+)/i.exec(this.#rest.toString("latin1", 0, head))?.[1]);
      const end = head + 4 + length;
      if (this.#rest.length < end) return;
      const message = JSON.parse(this.#rest.toString("utf8", head + 4, end)) as Message;
      this.#rest = this.#rest.subarray(end);
      for (const listener of [...this.#listeners]) listener(message);
    }
  }
}
