/** The selection of every row, whole and in no order: what others say only their differences to. */
import type { Selection } from "./ir.js";

export const ALL_ROWS: Selection = {
  where: null,
  orderBy: [],
  after: null,
  offset: 0,
  limit: null,
  distinct: null,
  fields: null,
  populate: [],
  counts: [],
};
