/** The parent's side of worker.mjs: one child a peer, idle unless asked. */
import { fork } from "node:child_process";
import { join } from "node:path";

export class PeerProcess {
  #child;
  #waiting = null;

  constructor(name) {
    this.name = name;
    this.#child = fork(join(import.meta.dirname, "worker.mjs"), {
      execArgv: ["--expose-gc", "--max-old-space-size=4096"],
    });
    this.#child.on("message", (message) => this.#settle(message));
    this.#child.on("exit", (code) => this.#settle({ error: `the process of ${name} ended with ${code}` }));
  }

  #settle(message) {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) return;
    if (message.error === undefined) waiting.resolve(message.result);
    else waiting.reject(new Error(`${this.name}: ${message.error}`));
  }

  ask(command, args = {}) {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#child.send({ command, ...args });
    });
  }

  /** Ends the child and waits until it is gone. */
  async stop() {
    if (this.#child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    if (this.#child.connected) this.#child.send({ command: "stop" });
    await gone;
  }
}
