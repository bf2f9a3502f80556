/** Calls to a fast disk are made at once, those to a slow one by the thread pool. */
import { describe, expect, test } from "vitest";
import { Speed, Speeds } from "../../src/storage/files/at-once.js";

function counted() {
  const calls = { now: 0, later: 0 };
  const now = () => {
    calls.now++;
    return "now";
  };
  const later = async () => {
    calls.later++;
    return "later";
  };
  return { calls, now, later };
}

/** Makes a call known to be fast. */
async function warmed(): Promise<Speed> {
  const speed = new Speed();
  const { calls, now, later } = counted();
  for (let n = 0; calls.now === 0 && n < 1000; n++) await speed.run(true, now, later);
  return speed;
}

const busy = () => {
  const end = performance.now() + 30;
  while (performance.now() < end);
};

describe("calls at once", () => {
  test("not before it is known that they are fast", async () => {
    const speed = new Speed();
    const { calls, now, later } = counted();
    expect(await speed.run(true, now, later)).toBe("later");
    for (let n = 0; calls.now === 0 && n < 1000; n++) await speed.run(true, now, later);
    expect(calls.now).toBe(1);
    expect(calls.later).toBeGreaterThan(1);
  });

  test("not for what is large, which says nothing of the others", async () => {
    const speed = await warmed();
    expect(
      await speed.run(false, counted().now, async () => {
        busy();
        return "later";
      }),
    ).toBe("later");
    expect(speed.run(true, counted().now, counted().later)).toBe("now");
  });

  test("not after they have become slow, and again when they are fast", async () => {
    const speed = await warmed();
    expect(speed.run(true, busy, async () => {})).toBe(undefined);
    const { calls, now, later } = counted();
    expect(await speed.run(true, now, later)).toBe("later");
    for (let n = 0; calls.now === 0 && n < 1000; n++) await speed.run(true, now, later);
    expect(calls.now).toBe(1);
  });

  test("a failure is the caller's, made at once or later", async () => {
    const speed = await warmed();
    const fail = () => {
      throw new RangeError("full");
    };
    expect(() => speed.run(true, fail, async () => {})).toThrow("full");
    await expect(
      new Speed().run(
        true,
        () => {},
        async () => fail(),
      ),
    ).rejects.toThrow("full");
  });

  test("each directory has a speed of its own", () => {
    const speeds = new Speeds();
    expect(speeds.of("/a")).toBe(speeds.of("/a"));
    expect(speeds.of("/a")).not.toBe(speeds.of("/b"));
  });
});
