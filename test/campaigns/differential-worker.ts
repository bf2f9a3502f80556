/** One process of the differential campaign: runs the seeds that its parent sends, ends when the parent lets go. */
import { runOne } from "../differential/campaign.js";
import { planOf } from "./differential.js";
import type { Answer } from "./differential-workers.js";

process.setSourceMapsEnabled(false);
const plan = planOf(JSON.parse(process.argv[2]!) as readonly string[] | null);

process.on("message", async (message) => {
  const { seed } = message as { readonly seed: number };
  const answer: Answer = { seed, result: await runOne(seed, plan) };
  process.send?.(answer);
});
process.on("disconnect", () => process.exit());
