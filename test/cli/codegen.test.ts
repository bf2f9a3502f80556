/** Generation as a product, through the command: comments, maps, templates of the user, watching, stale output. */
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const COMMAND = [
  "--import",
  join(REPOSITORY, "node_modules/tsx/dist/esm/index.mjs"),
  join(REPOSITORY, "codegen/cli/main.ts"),
];
let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "tenon-codegen-")));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(join(REPOSITORY, "node_modules/zod"), join(folder, "node_modules/zod"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function tenon(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...COMMAND, ...args], {
    cwd: folder,
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}
function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
const read = (path: string): string => readFileSync(join(folder, path), "utf8");

const HEAD = 'import { belongsTo, defineModel, hasMany } from "tenon";\nimport { z } from "zod";\n';

/** Two models that import each other, a shared piece of shape, an enum, a generic factory; one index of re-exports. */
function project(config: object = {}): void {
  write("tenon.config.json", JSON.stringify({ models: "src/models/index.ts", ...config }));
  write("tsconfig.json", '{ "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["src/*"] } } }\n');
  write(
    "src/models/index.ts",
    'export * from "./user.js";\nexport { Post as Article } from "./post.js";\nexport { Tag } from "@/tags/tag.js";\n',
  );
  write(
    "src/shared/shape.ts",
    'import { z } from "zod";\nexport enum Role { Admin = "admin", Member = "member" }\nexport const stamped = <T extends z.ZodRawShape>(shape: T) => z.object({ ...shape, seen: z.date().nullable() });\n',
  );
  write(
    "src/models/user.ts",
    `${HEAD}import { Role, stamped } from "../shared/shape.js";\nimport { Post } from "./post.js";\nexport const seenPost = () => Post;\n\n/** A person.\n * @see Post */\nexport const User = defineModel("User", stamped({\n  id: z.int(),\n  /** Where mail goes. */\n  email: z.email(),\n  role: z.enum(Role),\n}), {\n  relations: {\n    /** What they wrote. */\n    posts: hasMany("Post", { to: "authorId" }),\n  },\n});\n`,
  );
  write(
    "src/models/post.ts",
    `${HEAD}import { User } from "./user.js";\nexport const seenUser = () => User;\nexport const Post = defineModel("Post", z.object({ id: z.int(), title: z.string(), authorId: z.int() }), {\n  relations: { author: belongsTo("User", { from: "authorId" }) },\n});\n`,
  );
  write(
    "src/tags/tag.ts",
    `${HEAD}export const Tag = defineModel("Tag", z.object({ id: z.int(), label: z.string() }));\n`,
  );
}

describe("models over many files", () => {
  it("cyclic imports, re-exports, path aliases, enums, generics; comments of every file; Windows line ends", () => {
    project();
    write("src/models/user.ts", read("src/models/user.ts").replaceAll("\n", "\r\n"));
    const result = tenon("generate", "--json");
    expect(JSON.parse(result.out)).toMatchObject({ models: 3, files: 5 });
    const user = read(".tenon/user.d.ts");
    expect(user).toContain('  role: "admin" | "member";');
    expect(user).toContain("/** A person. */\nexport interface User {");
    expect(user).toContain("  /** Where mail goes. */\n  email: string;");
    expect(user).toContain("  /** What they wrote. */\n  posts: Post[]");
    expect(user).toContain("  seen: Date | null;");
    expect(user).not.toContain("\r");
    expect(tenon("generate", "--check").code).toBe(0);
  });

  it("says the place of a mistake to the column of the member", () => {
    project();
    write("src/models/post.ts", read("src/models/post.ts").replace('"User", { from', '"Usr", { from'));
    const result = tenon("validate");
    expect(result.code).toBe(2);
    expect(result.err).toContain("src/models/post.ts:6:16");
  });

  it("says the place of an error in a module that a model imports", () => {
    project();
    write("src/shared/shape.ts", `${read("src/shared/shape.ts")}\nexport const broken = Role.Owner.length;\n`);
    const result = tenon("generate", "--json");
    expect(result.code).toBe(2);
    const at = { file: join(folder, "src/shared/shape.ts"), line: 5, column: 34 };
    expect(JSON.parse(result.out)).toMatchObject({ error: { code: "CONFIG.LOAD_FAILED", meta: at } });
  });

  it("compares output that was checked out with Windows line ends, maps and JavaScript too", () => {
    project();
    tenon("generate");
    for (const name of readdirSync(join(folder, ".tenon")))
      write(`.tenon/${name}`, read(`.tenon/${name}`).replaceAll("\n", "\r\n"));
    expect(tenon("generate", "--check")).toMatchObject({ code: 0, out: "" });
    expect(tenon("generate")).toMatchObject({ code: 0, out: "" });
    write("src/tags/tag.ts", read("src/tags/tag.ts").replace("label:", "title:"));
    const stale = tenon("generate", "--check");
    expect(stale.code).toBe(4);
    expect(stale.out).toContain("-  label: string;\n+  title: string;\n");
    expect(stale.out).not.toContain("\r");
    // Only what the change is about: a diff of a whole file would help nobody.
    const changed = stale.out.match(/^[-+](?![-+]{2} )/gm)?.length ?? 0;
    expect(changed).toBeLessThan(read(".tenon/tag.d.ts").split("\n").length / 4);
  });
});

describe("declaration maps", () => {
  it("stand beside the declarations, and do not count for --check", () => {
    project();
    tenon("generate");
    const map = JSON.parse(read(".tenon/user.d.ts.map")) as { sources: string[]; file: string };
    expect(map).toMatchObject({ version: 3, file: "user.d.ts", sources: ["../src/models/user.ts"] });
    expect(read(".tenon/user.d.ts").trimEnd().split("\n").at(-1)).toBe("//# sourceMappingURL=user.d.ts.map");
    write("src/models/user.ts", `// a line more\n${read("src/models/user.ts")}`);
    expect(tenon("generate", "--check")).toMatchObject({ code: 0, out: "" });
    const before = read(".tenon/user.d.ts.map");
    expect(tenon("generate")).toMatchObject({ code: 0, out: "" });
    expect(read(".tenon/user.d.ts.map")).not.toBe(before);
    rmSync(join(folder, ".tenon/user.d.ts.map"));
    expect(tenon("generate", "--check").code).toBe(0);
  });

  it("go with the model, and can be turned off", () => {
    project();
    tenon("generate");
    write("src/models/index.ts", 'export * from "./user.js";\nexport * from "./post.js";\n');
    expect(tenon("generate").out).toContain("removed tag.d.ts\n");
    expect(existsSync(join(folder, ".tenon/tag.d.ts.map"))).toBe(false);
    project({ maps: false });
    tenon("generate");
    expect(existsSync(join(folder, ".tenon/user.d.ts.map"))).toBe(false);
    expect(read(".tenon/user.d.ts")).not.toContain("sourceMappingURL");
  });
});

describe("templates of the user", () => {
  const GRAPHQL =
    'import { defineTemplate } from "tenon/config";\nexport default defineTemplate({\n' +
    '  perModel: ({ name, fields }) => ({ path: "graphql/" + name + ".graphql", text: "type " + name + " { fields: " + fields.length + " }\\n" }),\n' +
    '  perSchema: (schema, { files }) => ({ path: "client.js", text: files.find((f) => f.path === "client.js")!.text + "// mine\\n" }),\n});\n';

  it("add files and replace generated ones; removed when nothing makes them", () => {
    project({ templates: "./codegen" });
    write("codegen/graphql.ts", GRAPHQL);
    expect(tenon("generate").out).toContain("added   graphql/Post.graphql\n");
    expect(read(".tenon/graphql/Post.graphql")).toBe(
      "# Generated by tenon from the models. Do not edit; run `npx tenon generate`.\ntype Post { fields: 3 }\n",
    );
    expect(read(".tenon/client.js")).toMatch(/\/\/ mine\n$/);
    expect(tenon("generate", "--check").code).toBe(0);
    write("codegen/graphql.ts", GRAPHQL.replace("fields:", "count:"));
    const check = tenon("generate", "--check");
    expect(check.code).toBe(4);
    expect(check.out).toContain("-type Post { fields: 3 }\n+type Post { count: 3 }");
    project();
    expect(tenon("generate").out).toContain("removed graphql/Post.graphql\n");
    expect(read(".tenon/client.js")).not.toContain("// mine");
  });

  it.each([
    ["no template", "export const x = 1;", "exports no template"],
    ["an unknown part", "export default { perModle() {}, perModel() {} };", 'did you mean "perModel"'],
    [
      "a path outside",
      'export default { perSchema: () => ({ path: "../x.ts", text: "" }) };',
      "no path inside the output folder",
    ],
    ["a text of no language", 'export default { perSchema: () => ({ path: "x.bin", text: "" }) };', "context.header"],
    [
      "two files of one path",
      'export default { perModel: () => ({ path: "x.ts", text: "" }) };',
      "give one of them another path",
    ],
    ["a template that throws", "export default { perSchema() { throw new Error('oops'); } };", "codegen/t.ts: oops"],
  ])("refuse %s", (_, source, message) => {
    project({ templates: "codegen" });
    write("codegen/t.ts", `${source}\n`);
    const result = tenon("generate");
    expect(result).toMatchObject({ code: 2, out: "" });
    expect(result.err).toContain(message);
    expect(existsSync(join(folder, ".tenon"))).toBe(false);
  });
});

describe("watching", () => {
  it("notices changes in every folder, of templates and of the config, and files that come back", async () => {
    project({ templates: "codegen" });
    write("codegen/t.ts", 'export default { perSchema: () => ({ path: "x.md", text: "one\\n" }) };\n');
    const child = spawn(process.execPath, [...COMMAND, "generate", "--watch"], { cwd: folder });
    let log = "";
    child.stderr.on("data", (chunk) => {
      log += chunk;
    });
    const until = async (what: string, done: () => boolean): Promise<void> => {
      for (let tries = 0; !done(); tries++) {
        if (tries > 500) throw new TypeError(`waited in vain for ${what}; log: ${log}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const has = (path: string, text: string) => () => existsSync(join(folder, path)) && read(path).includes(text);
    try {
      await until("the first run", () => log.includes("watching"));
      write("src/tags/tag.ts", read("src/tags/tag.ts").replace("label:", "title:"));
      await until("a folder behind an alias", has(".tenon/tag.d.ts", "  title: string;"));
      write("src/shared/shape.ts", read("src/shared/shape.ts").replace("seen:", "last:"));
      await until("what a model imports", has(".tenon/user.d.ts", "  last: Date | null;"));
      write("codegen/t.ts", read("codegen/t.ts").replace("one", "two"));
      await until("a template", has(".tenon/x.md", "two"));
      rmSync(join(folder, "src/models/post.ts"));
      await until("a file that is gone", () => log.includes('cannot find module "./post'));
      project({ templates: "codegen", readonly: true });
      await until("a file that comes back", has(".tenon/user.d.ts", "  readonly seen: Date | null;"));
    } finally {
      child.kill("SIGKILL");
    }
  });
});

describe("stale output", () => {
  it("is named in one sentence, with the command that mends it", () => {
    project();
    write("package.json", '{ "type": "module", "imports": { "#tenon": "./.tenon/client.js" } }');
    mkdirSync(join(folder, "node_modules/tenon"));
    const entry = (name: string): string => join(REPOSITORY, "src", `${name}.ts`);
    const exports = { ".": "./index.ts", "./runtime": "./runtime.ts", "./embedded": "./embedded.ts" };
    write("node_modules/tenon/package.json", JSON.stringify({ name: "tenon", type: "module", exports }));
    for (const name of ["index", "runtime", "embedded"])
      write(`node_modules/tenon/${name}.ts`, `export * from ${JSON.stringify(entry(name))};\n`);
    write(
      "src/main.ts",
      'import { createClient } from "#tenon";\nimport { embedded, memory } from "tenon/embedded";\nimport * as models from "./models/index.js";\n' +
        "const db = await createClient({ models, engine: embedded({ storage: memory() }) });\nconsole.log(await db.users.count());\nawait db.close();\n",
    );
    tenon("generate");
    const run = () =>
      spawnSync(process.execPath, ["--import", COMMAND[1] ?? "", "src/main.ts"], { cwd: folder, encoding: "utf8" });
    expect(run()).toMatchObject({ status: 0, stdout: "0\n" });
    write("src/tags/tag.ts", read("src/tags/tag.ts").replace("label:", "title:"));
    const stale = run();
    expect(stale.status).not.toBe(0);
    expect(stale.stderr).toMatch(/The generated client is older than the models\n {2}fix: npx tenon generate\n/);
    expect(tenon("generate").code).toBe(0);
    expect(run()).toMatchObject({ status: 0, stdout: "0\n" });
  });
});
