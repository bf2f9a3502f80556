/**
 * Ends the servers of a folder when the process that owns them dies, however it dies: a shell beside them looks at the owner
 * every half second, then kills what the pid files of the folder name, and removes the folder. It ends by itself once the
 * folder is gone.
 */
import { spawn } from "node:child_process";

/** A pid may have been given to somebody else: only processes whose command line names the folder are killed. */
const SCRIPT = `
owner=$1 folder=$2
while [ -d "$folder" ] && kill -0 "$owner" 2>/dev/null; do sleep 0.5; done
[ -d "$folder" ] || exit 0
for file in $(find "$folder" -name postmaster.pid -o -name pgbouncer.pid); do
  pid=$(head -n 1 "$file")
  if [ -r "/proc/$pid/cmdline" ]; then line=$(tr '\\000' ' ' <"/proc/$pid/cmdline"); else line=$(ps -o command= -p "$pid"); fi
  case "$line" in *"$folder"*) kill -QUIT "$pid" ;; esac
done
sleep 0.5
rm -rf "$folder"
`;

export function watchOver(folder: string, owner: number = process.pid): void {
  spawn("sh", ["-c", SCRIPT, "watchdog", String(owner), folder], { detached: true, stdio: "ignore" }).unref();
}
