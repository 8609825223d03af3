/** Long lists come in pages. */
import { Problem } from "./problem.ts";

export interface Page {
  limit: number;
  offset: number;
}

/** A page as the API shows it. @param total of all pages together */
export function pageOf<Item>(data: Item[], total: number, { limit, offset }: Page) {
  return { data, total, limit, offset, has_more: offset + data.length < total };
}

/** Of a list without an end. @param rows one more than `limit`, if there are that many: it says whether more come */
export function stretchOf<Row, Item>(rows: readonly Row[], limit: number, view: (row: Row) => Item) {
  return { data: rows.slice(0, limit).map(view), limit, has_more: rows.length > limit };
}

/** What `after` names is not there. */
export const unknownAfter = () =>
  new Problem("parameter_invalid", { param: "after", message: "after: there is no such id in this list" });
