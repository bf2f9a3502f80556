/** The editor service of TypeScript 7: `tsc --lsp --stdio`, the Language Server Protocol. */
import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Editor, type Entry, type Finding, offsetOf, type Place, positionOf } from "./editor.js";
import { type Message, Wire } from "./wire.js";

interface Position {
  readonly line: number;
  readonly character: number;
}
interface Range {
  readonly start: Position;
  readonly end: Position;
}
interface CompletionItem {
  readonly label: string;
  readonly kind?: number;
  readonly textEdit?: { readonly newText: string };
  readonly insertText?: string;
}

/** Numbers of LSP, in the words of tsserver. */
const KINDS: Readonly<Record<number, string>> = { 2: "method", 5: "property", 6: "var", 10: "property", 21: "string" };

export async function openLsp(compiler: string, folder: string): Promise<Editor> {
  const server = new Lsp(compiler, folder);
  await server.start(folder);
  return server;
}

class Lsp implements Editor {
  readonly #wire: Wire;
  readonly #texts = new Map<string, { text: string; version: number }>();
  #id = 0;

  constructor(compiler: string, folder: string) {
    this.#wire = new Wire([compiler, "--lsp", "--stdio"], folder, true);
    // The server asks for settings and for watchers; nothing is what we have to say.
    this.#wire.listen((message) => {
      if (message.method === undefined || message.id === undefined) return;
      const items = (message.params as { items?: readonly unknown[] } | undefined)?.items;
      const result = message.method === "workspace/configuration" ? (items ?? []).map(() => null) : null;
      this.#wire.send({ jsonrpc: "2.0", id: message.id, result });
    });
  }

  async start(folder: string): Promise<void> {
    const uri = pathToFileURL(folder).href;
    const textDocument = {
      completion: { completionItem: { snippetSupport: false } },
      hover: { contentFormat: ["plaintext"] },
      definition: { linkSupport: false },
      diagnostic: {},
    };
    await this.#request("initialize", {
      processId: null,
      rootUri: uri,
      workspaceFolders: [{ uri, name: "p" }],
      capabilities: { textDocument },
    });
    this.#notify("initialized", {});
  }

  async open(file: string, text: string): Promise<void> {
    const before = this.#texts.get(file);
    const version = (before?.version ?? 0) + 1;
    this.#texts.set(file, { text, version });
    const uri = pathToFileURL(file).href;
    if (before === undefined)
      this.#notify("textDocument/didOpen", { textDocument: { uri, languageId: "typescript", version, text } });
    else
      this.#notify("textDocument/didChange", {
        textDocument: { uri, version },
        contentChanges: [{ text }],
      });
  }

  async completions(file: string, offset: number): Promise<readonly Entry[]> {
    const body = (await this.#ask("textDocument/completion", file, offset)) as
      | { items: readonly CompletionItem[] }
      | readonly CompletionItem[]
      | null;
    const items = body === null ? [] : "items" in body ? body.items : body;
    return items.map(({ label, kind = 0 }) => ({
      name: label.replace(/\?$/, ""),
      kind: KINDS[kind] ?? `kind ${kind}`,
    }));
  }

  async hover(file: string, offset: number): Promise<{ text: string; doc: string }> {
    const body = (await this.#ask("textDocument/hover", file, offset)) as {
      contents: string | { value: string };
    } | null;
    if (body === null) return { text: "", doc: "" };
    const value = typeof body.contents === "string" ? body.contents : body.contents.value;
    const fenced = /^```\w*\n([\s\S]*?)\n```\s*([\s\S]*)$/.exec(value);
    if (fenced !== null) return { text: fenced[1] ?? "", doc: (fenced[2] ?? "").trim() };
    const [text = "", ...doc] = value.split("\n\n");
    return { text: text.trim(), doc: doc.join("\n\n").trim() };
  }

  async errors(file: string): Promise<readonly Finding[]> {
    const text = this.#texts.get(file)?.text ?? "";
    const body = (await this.#request("textDocument/diagnostic", {
      textDocument: { uri: pathToFileURL(file).href },
    })) as { items: readonly { range: Range; message: string; code?: number | string; severity?: number }[] };
    return body.items
      .filter((each) => each.severity === undefined || each.severity === 1)
      .map((each) => {
        const start = offsetOf(text, each.range.start.line, each.range.start.character);
        const end = offsetOf(text, each.range.end.line, each.range.end.character);
        return { code: Number(each.code), message: each.message, start, word: text.slice(start, end) };
      });
  }

  async definition(file: string, offset: number): Promise<readonly Place[]> {
    const body = (await this.#ask("textDocument/definition", file, offset)) as
      | readonly { uri: string; range: Range }[]
      | { uri: string; range: Range }
      | null;
    const places = body === null ? [] : "uri" in body ? [body] : body;
    return places.map(({ uri, range: { start } }) => {
      const target = fileURLToPath(uri);
      const line = readFileSync(target, "utf8").split("\n")[start.line] ?? "";
      return { file: target, line: start.line + 1, text: line.slice(start.character) };
    });
  }

  close(): Promise<void> {
    return this.#wire.close();
  }

  #ask(method: string, file: string, offset: number): Promise<unknown> {
    const { line, column } = positionOf(this.#texts.get(file)?.text ?? "", offset);
    return this.#request(method, {
      textDocument: { uri: pathToFileURL(file).href },
      position: { line, character: column },
    });
  }

  #notify(method: string, params: object): void {
    this.#wire.send({ jsonrpc: "2.0", method, params });
  }

  async #request(method: string, params: object): Promise<unknown> {
    const id = ++this.#id;
    this.#wire.send({ jsonrpc: "2.0", id, method, params });
    const answer = await this.#wire.receive((message: Message) => message.id === id && message.method === undefined);
    if (answer.error === undefined) return answer.result;
    throw new TypeError(`${method}: ${JSON.stringify(answer.error)}`);
  }
}
