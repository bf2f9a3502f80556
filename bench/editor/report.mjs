/** What the editor suite found, as tables: for the terminal and, between two lines of docs/editor.md, for readers. */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { table } from "../lib/table.mjs";

const PAGE = resolve(import.meta.dirname, "../../docs/editor.md");
const BEGIN = "<!-- figures: npm run bench -- editor --page -->";
const END = "<!-- end of figures -->";

const number = (value, digits = 0) =>
  value === undefined || value === null || Number.isNaN(value) ? "–" : value.toFixed(digits);
const isOurs = (name) => name.startsWith("tenon");

/** Less is better in all of them. */
const TYPES = [
  ["inst. schema", "schemaInstantiations", 0],
  ["inst. a query", "instantiationsPerQuery", 1],
  ["check ms a query", "checkMsPerQuery", 2],
  ["KB a query", "memoryKbPerQuery", 0],
  ["inst. a typo", "typoInstantiations", 0],
  ["typo / right call", "typoRatio", 2],
];
const LATENCY = [
  ["first ms", "first", 0],
  ["completion ms", "completion", 1],
  ["hover ms", "hover", 1],
  ["error ms", "error", 1],
];
const GENERATION = [
  ["cold ms", "generateColdMs", 0],
  ["warm ms", "generateWarmMs", 0],
  ["bytes a model", "bytesPerModel", 0],
];

function tables({ rows, generated, watched, watchModels }) {
  const out = [];
  for (const typescript of new Set(rows.map((row) => row.typescript))) {
    const here = rows.filter((row) => row.typescript === typescript);
    for (const [what, columns] of [
      ["what queries cost the compiler", TYPES],
      ["what an editor waits for", LATENCY],
    ]) {
      if (!here.some(({ figures }) => columns.some(([, key]) => key in figures))) continue;
      out.push({
        title: `TypeScript ${typescript}: ${what}`,
        head: ["", "models", ...columns.map(([title]) => title)],
        body: here.map(({ peer, models, figures }) => [
          peer,
          String(models),
          ...columns.map(([, key, digits]) => number(figures[key], digits)),
        ]),
      });
    }
  }
  if (generated.length > 0 || Object.keys(watched).length > 0)
    out.push({
      title: `Generation (watch: one model of ${watchModels} touched)`,
      head: ["", "models", ...GENERATION.map(([title]) => title), "watch ms"],
      body: (generated.length > 0
        ? generated
        : Object.keys(watched).map((project) => ({ project, models: watchModels, figures: {} }))
      ).map(({ project, models, figures }) => [
        project,
        String(models),
        ...GENERATION.map(([, key, digits]) => number(figures[key], digits)),
        number(models === watchModels ? watched[project] : undefined),
      ]),
    });
  return out;
}

/** Each target as [name, what it came to, limit]. */
function targets({ rows, generated, watched }) {
  const of = (peer) => rows.filter((row) => row.peer === peer).map(({ figures }) => figures);
  const [args, builder] = [of("tenon, args"), of("tenon, builder")];
  const known = (list, key) => list.map((figures) => figures[key]).filter((value) => value !== undefined);
  const most = (list, key) => Math.max(...known(list, key));
  const spread = (list, key) => most(list, key) - Math.min(...known(list, key));
  const against = (form) =>
    rows
      .filter((row) => row.peer === form)
      .flatMap((row) => {
        const prisma = rows.find(
          (each) => each.peer.startsWith("prisma") && each.models === row.models && each.typescript === row.typescript,
        );
        const ratio = row.figures.completion / (prisma?.figures.completion ?? Number.NaN);
        return Number.isNaN(ratio) ? [] : [ratio];
      });
  const own = generated.filter(({ project }) => isOurs(project));
  const cold = own.find(({ models }) => models === 100)?.figures.generateColdMs;
  return [
    ["instantiations an args query", most(args, "instantiationsPerQuery"), 60],
    ["instantiations a builder query", most(builder, "instantiationsPerQuery"), 30],
    ["differences of them between sizes and compilers, args", spread(args, "instantiationsPerQuery"), 0],
    ["differences of them between sizes and compilers, builder", spread(builder, "instantiationsPerQuery"), 0],
    ["instantiations of the schema", most([...args, ...builder], "schemaInstantiations"), 200],
    ["cost of a typo against the right call", most([...args, ...builder], "typoRatio"), 1.5],
    ["warm completion against Prisma, args", Math.max(...against("tenon, args")), 0.5],
    ["warm completion against Prisma, builder", Math.max(...against("tenon, builder")), 0.5],
    ["generate, 100 models, cold, ms", cold, 1500],
    ["watch, one model touched, ms", watched.tenon, 150],
    [
      "bytes a model",
      most(
        own.map(({ figures }) => figures),
        "bytesPerModel",
      ),
      6144,
    ],
  ].map(([name, value, limit]) => [name, Number.isFinite(value) ? value : Number.NaN, limit]);
}

const verdict = ([, value, limit]) => (Number.isNaN(value) ? "not measured" : value <= limit ? "met" : "NOT MET");

/** Where a peer is ahead of us, one line each; null when there was nothing to compare with. */
function behind({ rows, generated, watched }) {
  const found = [];
  let compared = 0;
  const compare = (mine, theirs, columns, where) => {
    for (const [title, key, digits] of columns) {
      const [own, other] = [mine.figures[key], theirs.figures[key]];
      if (own === undefined || other === undefined || own === null || other === null) continue;
      compared++;
      if (own <= other) continue;
      found.push(
        `${where}: ${title} ${number(own, digits)}, ${theirs.peer ?? theirs.project} ${number(other, digits)}`,
      );
    }
  };
  for (const mine of rows.filter((row) => isOurs(row.peer)))
    for (const theirs of rows.filter((row) => !isOurs(row.peer)))
      if (theirs.models === mine.models && theirs.typescript === mine.typescript)
        compare(
          mine,
          theirs,
          // The ratio is one of a peer's own two figures; what a typo costs is the count beside it.
          [...TYPES, ...LATENCY].filter(([, key]) => key !== "typoRatio"),
          `${mine.peer}, ${mine.models} models, TypeScript ${mine.typescript}`,
        );
  for (const mine of generated.filter(({ project }) => isOurs(project)))
    for (const theirs of generated.filter(({ project }) => !isOurs(project)))
      if (theirs.models === mine.models) compare(mine, theirs, GENERATION, `generate, ${mine.models} models`);
  for (const [project, ms] of Object.entries(watched))
    if (!isOurs(project) && watched.tenon > ms)
      found.push(`watch: ${number(watched.tenon)} ms, ${project} ${number(ms)}`);
  return compared === 0 && found.length === 0 ? null : found;
}

export function describe(result) {
  const parts = [];
  for (const { title, head, body } of tables(result)) parts.push(title, table(head, body), "");
  for (const [name, text] of Object.entries(result.hovers))
    parts.push(`hover, ${name} (${text.length}): ${short(text)}`);
  parts.push("");
  for (const target of targets(result)) {
    const [name, value, limit] = target;
    parts.push(`${verdict(target).padEnd(12)} ${name}: ${number(value, 2)} (<= ${limit})`);
  }
  const worse = behind(result);
  if (worse === null) parts.push("", "nothing was measured beside a peer");
  else parts.push("", worse.length === 0 ? "ahead of every peer in everything that was measured" : "behind a peer:");
  parts.push(...(worse ?? []).map((line) => `  ${line}`));
  if (result.skipped.length > 0) parts.push("", "left out:", ...result.skipped.map((line) => `  ${line}`));
  parts.push("", `${result.seconds} s; load of the machine at the start ${number(result.load, 1)}`);
  return parts.join("\n");
}

const short = (text) => {
  const line = text.replace(/\s+/g, " ");
  return line.length <= 240 ? line : `${line.slice(0, 240)} …`;
};

/** Writes the figures into docs/editor.md. */
export function writePage(result) {
  const { machine, at, load, rounds, node, seconds } = result;
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const markdown = [
    `Read on ${at.slice(0, 10)} in one run of ${Math.round(seconds / 60)} minutes: Node ${node}, ${machine.cores} × ${machine.cpu}, load of the`,
    `machine at the start ${number(load, 1)}, ${rounds} rounds; latencies are medians, check times the least of theirs.`,
    "",
  ];
  for (const { title, head, body } of tables(result))
    markdown.push(
      `**${title}**`,
      "",
      line(head),
      line(head.map((_, i) => (i < 1 ? "---" : "--:"))),
      ...body.map(line),
      "",
    );
  const hovers = Object.entries(result.hovers);
  if (hovers.length > 0) {
    markdown.push(
      "**A hover on rows with relations of relations**",
      "",
      line(["", "characters", "it says"]),
      line(["---", "--:", "---"]),
    );
    for (const [name, text] of hovers)
      markdown.push(line([name, String(text.length), `\`${short(text).replaceAll("|", "\\|")}\``]));
    markdown.push("");
  }
  markdown.push("**Targets**", "", line(["", "came to", "target", ""]), line(["---", "--:", "--:", "---"]));
  for (const target of targets(result))
    markdown.push(line([target[0], number(target[1], 2), `<= ${target[2]}`, verdict(target)]));
  const worse = behind(result);
  markdown.push(
    "",
    worse === null
      ? "Nothing was measured beside a peer."
      : worse.length === 0
        ? "No peer is ahead in anything that was measured."
        : "A peer is ahead here:",
    "",
  );
  markdown.push(...(worse ?? []).map((each) => `- ${each}`));
  if (result.skipped.length > 0) markdown.push("", "Left out:", "", ...result.skipped.map((each) => `- ${each}`));
  const text = readFileSync(PAGE, "utf8");
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new RangeError(`docs/editor.md lacks the lines ${BEGIN} and ${END}`);
  writeFileSync(PAGE, `${text.slice(0, from)}${BEGIN}\n\n${markdown.join("\n").trimEnd()}\n\n${text.slice(to)}`);
}
