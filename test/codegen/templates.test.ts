import { describe, expect, it } from "vitest";
import { renderSchema } from "../../templates/index.js";
import { pathDepth } from "../../templates/populate.js";
import { docLines, kebab, pascal } from "../../templates/text.js";
import { blogSchema, draft, field, int, relation, schemaOf, string } from "./drafts.js";

const OPTIONS = { readonlyRows: false, comments: new Map<string, string>() };

function render(schema: ReturnType<typeof schemaOf>, options = OPTIONS): Map<string, string> {
  const rendered = renderSchema(schema, options);
  if (!rendered.ok) throw new TypeError(rendered.problems.join("\n"));
  return new Map(rendered.files.map((file) => [file.path, file.text]));
}

describe("templates", () => {
  it("change few lines when a field is added", () => {
    const fields = [field("id", int), field("name", string)];
    const before =
      render(schemaOf([draft("User", fields)]))
        .get("user.d.ts")
        ?.split("\n") ?? [];
    const after =
      render(schemaOf([draft("User", [...fields, field("city", string)])]))
        .get("user.d.ts")
        ?.split("\n") ?? [];
    const known = new Set(before);
    // row, filter, order, create, update, and the list of what can be compared
    expect(after.filter((line) => !known.has(line))).toHaveLength(6);
  });

  it("show the row first: nothing but the notice stands above it", () => {
    const lines = render(blogSchema(5)).get("user.d.ts")?.split("\n") ?? [];
    expect(lines.slice(1, 4)).toEqual(["", "/** A person with an account. */", "export interface User {"]);
    const last = lines.findLastIndex((line) => line.startsWith("export "));
    expect(lines.findIndex((line) => line.startsWith("import "))).toBeGreaterThan(last);
  });

  it("carry comments over only where there is no description", () => {
    const schema = schemaOf([
      draft("User", [field("id", int), field("a", string, { description: "own" }), field("b", string)]),
    ]);
    const comments = new Map([
      ["User", "Of the model."],
      ["User.a", "unused"],
      ["User.b", "Of b."],
    ]);
    const text = render(schema, { ...OPTIONS, comments }).get("user.d.ts") ?? "";
    expect(text).toContain("/** Of the model. */\nexport interface User {");
    expect(text).toContain("  /** own */\n  a: string;\n  /** Of b. */\n  b: string;");
    expect(text).not.toContain("unused");
  });

  it("make rows readonly when asked", () => {
    const text = render(schemaOf([draft("User", [field("id", int)])]), { ...OPTIONS, readonlyRows: true });
    expect(text.get("user.d.ts")).toContain("  readonly id: number;");
  });

  it("say which names clash", () => {
    const schema = schemaOf([draft("User", [field("id", int)]), draft("UserPath1", [field("id", int)])]);
    expect(renderSchema(schema, OPTIONS)).toEqual({
      ok: false,
      problems: ["model UserPath1 and a generated type of model User would both be called UserPath1"],
    });
  });

  it("say which names clash with the types of a link", () => {
    const author = relation("author", "belongsTo", "PostCreateAuthorKey", { from: ["authorId"] });
    const post = draft("Post", [field("id", int), field("authorId", int)], [author]);
    const schema = schemaOf([post, draft("PostCreateAuthorKey", [field("id", int)])]);
    expect(renderSchema(schema, OPTIONS)).toEqual({
      ok: false,
      problems: [
        "model PostCreateAuthorKey and a generated type of model Post would both be called PostCreateAuthorKey",
      ],
    });
  });

  it("keep files apart whose names would be the same", () => {
    const schema = schemaOf([draft("BlogPost", [field("id", int)]), draft("Blog_Post", [field("id", int)])]);
    expect([...render(schema).keys()].sort()).toEqual([
      "blog-post-2.d.ts",
      "blog-post.d.ts",
      "client.d.ts",
      "client.js",
    ]);
  });

  it("shorten paths for hubs with too many of them", () => {
    const names = Array.from({ length: 20 }, (_, index) => `M${index}`);
    const hub = names.map((name) =>
      draft(
        name,
        [field("id", int), ...names.map((other) => field(`${other}Id`, int, { nullable: true }))],
        names.map((other) => relation(`to${other}`, "belongsTo", other, { from: [`${other}Id`] })),
      ),
    );
    const schema = schemaOf(hub);
    const [first] = schema.models.values();
    expect(first && pathDepth(schema, first)).toBe(2);
    const [user] = blogSchema(5).models.values();
    expect(user && pathDepth(blogSchema(5), user)).toBe(3);
  });

  it("stay linear: a model costs the same text among 5 as among 50", () => {
    const size = (count: number): number =>
      [...render(blogSchema(count)).values()].reduce((sum, text) => sum + text.length, 0) / count;
    expect(size(50) / size(5)).toBeLessThan(1.1);
  });
});

describe("text", () => {
  it.each([
    ["BlogPost", "blog-post"],
    ["HTTPLog", "http-log"],
    ["user_label", "user-label"],
    ["A1b", "a1b"],
  ])("kebab %s -> %s", (name, expected) => expect(kebab(name)).toBe(expected));

  it("makes identifiers of anything", () => {
    expect(pascal("user-agent x")).toBe("UserAgentX");
    expect(pascal("1st")).toBe("V1st");
    expect(pascal("…")).toBe("V");
  });

  it("cannot be led out of a doc comment", () => {
    expect(docLines("a */ evil /* b")).toEqual(["/** a *\\/ evil /* b */"]);
    expect(docLines("one\r\n\r\ntwo")).toEqual(["/**", " * one", " *", " * two", " */"]);
    expect(docLines("  ")).toEqual([]);
  });
});
