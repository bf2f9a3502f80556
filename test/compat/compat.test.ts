/** Databases of every format version and layout open for ever, with exactly their data, and go on from there. */
import { readdirSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { find, insert } from "../engine/support.js";
import { engineOver, LAYOUTS, NOTES, SCHEMA, USERS } from "./layouts.js";

const versions = readdirSync(import.meta.dirname).filter((name) => /^\d+$/.test(name));

test("there is a version", () => expect(versions).toContain("1"));

describe.each(versions)("format %s", (version) => {
  test("every layout is there", () => {
    expect(readdirSync(join(import.meta.dirname, version)).sort()).toEqual(Object.keys(LAYOUTS).sort());
  });
  test.each(Object.keys(LAYOUTS))("%s", async (layout) => {
    const dir = await mkdtemp(join(tmpdir(), "tenon-compat-"));
    try {
      await cp(join(import.meta.dirname, version, layout), dir, { recursive: true });
      for (const users of [USERS, [...USERS, { ...USERS[0]!, id: 6, email: "new" }]]) {
        const engine = engineOver(LAYOUTS[layout]!(dir));
        await engine.open(SCHEMA);
        expect(await engine.find(find("User"))).toEqual(users);
        expect(await engine.find(find("Note"))).toEqual(NOTES);
        if (users === USERS) await engine.write(insert("User", { ...USERS[0]!, id: 6, email: "new" }));
        await engine.close();
      }
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
