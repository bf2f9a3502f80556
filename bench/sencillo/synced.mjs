/**
 * Makes SencilloDB's commits as durable as Tenon's, so that both can be compared: what it appends is synced, and so is a
 * file before it is renamed and the directory after, as after a removal. The package itself is not changed: node:fs is, in this process.
 */
import { promises } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname } from "node:path";

async function sync(path) {
  const handle = await promises.open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function syncEverything() {
  const { rename, unlink } = promises;
  promises.appendFile = async (path, text) => {
    const handle = await promises.open(path, "a");
    try {
      await handle.write(text);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  };
  promises.rename = async (from, to) => {
    await sync(from);
    await rename(from, to);
    await sync(dirname(to));
  };
  promises.unlink = async (path) => {
    await unlink(path);
    await sync(dirname(path));
  };
  syncBuiltinESMExports();
}
