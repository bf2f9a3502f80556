/** From a column of compiled code to the column of its source, by the map that the compiler has put into the code. */
import { SourceMap, type SourceMapPayload } from "node:module";

const MAP = /\/\/# sourceMappingURL=data:application\/json;[^,]*base64,([\w+/=]+)\s*$/;
/** What the loader puts before the first line. */
const WRAPPER = "(async function (exports, require, module, __filename, __dirname, jitiImport, jitiESMResolve) { "
  .length;

/** `line` and `column` from 1; 0 when the map does not know, or knows another line. */
export function columnIn(compiled: string, line: number, column: number): number {
  const encoded = MAP.exec(compiled)?.[1];
  if (encoded === undefined) return 0;
  const map = new SourceMap(JSON.parse(Buffer.from(encoded, "base64").toString("utf8")) as SourceMapPayload);
  const found = map.findEntry(line - 1, column - 1 - (line === 1 ? WRAPPER : 0));
  return "originalLine" in found && found.originalLine === line - 1 ? found.originalColumn + 1 : 0;
}
