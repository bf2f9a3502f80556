/** The editor service of TypeScript 5 and 6: `tsserver.js` over stdio, as VS Code starts it. */
import { readFileSync } from "node:fs";
import { type Editor, type Entry, type Finding, offsetOf, type Place, positionOf } from "./editor.js";
import { type Message, Wire } from "./wire.js";

interface Location {
  readonly line: number;
  readonly offset: number;
}

export function openTsserver(serverFile: string, folder: string): Editor {
  return new Tsserver(serverFile, folder);
}

class Tsserver implements Editor {
  readonly #wire: Wire;
  readonly #texts = new Map<string, string>();
  #sequence = 0;

  constructor(serverFile: string, folder: string) {
    const quiet = ["--disableAutomaticTypingAcquisition", "--suppressDiagnosticEvents", "--locale", "en"];
    this.#wire = new Wire([serverFile, ...quiet], folder, false);
  }

  async open(file: string, text: string): Promise<void> {
    const before = this.#texts.get(file);
    this.#texts.set(file, text);
    if (before === undefined) {
      this.#send("updateOpen", { openFiles: [{ file, fileContent: text, scriptKindName: "TS" }] });
      return;
    }
    // As an editor does: one change, from the first character that differs to the last.
    let start = 0;
    while (start < before.length && start < text.length && before[start] === text[start]) start++;
    let tail = 0;
    while (
      tail < before.length - start &&
      tail < text.length - start &&
      before[before.length - 1 - tail] === text[text.length - 1 - tail]
    )
      tail++;
    const textChanges = [
      {
        start: locationIn(before, start),
        end: locationIn(before, before.length - tail),
        newText: text.slice(start, text.length - tail),
      },
    ];
    this.#send("updateOpen", { changedFiles: [{ fileName: file, textChanges }] });
  }

  async completions(file: string, offset: number): Promise<readonly Entry[]> {
    const body = (await this.#ask("completionInfo", file, offset)) as { entries?: readonly Entry[] } | undefined;
    return (body?.entries ?? []).map(({ name, kind }) => ({ name, kind }));
  }

  async hover(file: string, offset: number): Promise<{ text: string; doc: string }> {
    const body = (await this.#ask("quickinfo", file, offset)) as
      | { displayString: string; documentation: string }
      | undefined;
    return { text: body?.displayString ?? "", doc: body?.documentation ?? "" };
  }

  async errors(file: string): Promise<readonly Finding[]> {
    const text = this.#texts.get(file) ?? "";
    const found = (await this.#request("semanticDiagnosticsSync", { file })) as readonly {
      start: Location;
      end: Location;
      text: string;
      code: number;
      category: string;
    }[];
    return found
      .filter((each) => each.category === "error")
      .map((each) => {
        const start = offsetAt(text, each.start);
        return { code: each.code, message: each.text, start, word: text.slice(start, offsetAt(text, each.end)) };
      });
  }

  async definition(file: string, offset: number): Promise<readonly Place[]> {
    const body = (await this.#ask("definitionAndBoundSpan", file, offset)) as
      | { definitions?: readonly { file: string; start: Location }[] }
      | undefined;
    return (body?.definitions ?? []).map(({ file: target, start }) => ({
      file: target,
      line: start.line,
      text: (readFileSync(target, "utf8").split("\n")[start.line - 1] ?? "").slice(start.offset - 1),
    }));
  }

  close(): Promise<void> {
    return this.#wire.close();
  }

  #ask(command: string, file: string, offset: number): Promise<unknown> {
    return this.#request(command, { file, ...locationIn(this.#texts.get(file) ?? "", offset) });
  }

  #send(command: string, args: object): number {
    const seq = ++this.#sequence;
    this.#wire.send({ seq, type: "request", command, arguments: args });
    return seq;
  }

  async #request(command: string, args: object): Promise<unknown> {
    const seq = this.#send(command, args);
    const answer = await this.#wire.receive(
      (message: Message) => message.type === "response" && message.request_seq === seq,
    );
    if (answer.success === true) return answer.body;
    if (answer.message === "No content available.") return undefined;
    throw new TypeError(`tsserver ${command}: ${String(answer.message)}`);
  }
}

function locationIn(text: string, offset: number): Location {
  const { line, column } = positionOf(text, offset);
  return { line: line + 1, offset: column + 1 };
}

function offsetAt(text: string, { line, offset }: Location): number {
  return offsetOf(text, line - 1, offset - 1);
}
