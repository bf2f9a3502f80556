/** `npm run campaign -- report`: sums up the kept results in docs/reliability.md. */
import { figureOf, keptResults, writeReport } from "./results.js";
import type { Campaign } from "./run.js";

export const reportCampaign: Campaign = async () => {
  const results = keptResults();
  for (const one of results) console.log(`${one.campaign}: ${figureOf(one)}`);
  const written = writeReport();
  console.log(`${results.length} results, docs/reliability.md ${written ? "written" : "is up to date"}`);
  return results.every((one) => one.passed);
};
