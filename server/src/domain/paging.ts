/** Long lists come in pages. */

export interface Page {
  limit: number;
  offset: number;
}

/** A page as the API shows it. @param total of all pages together */
export function pageOf<Item>(data: Item[], total: number, { limit, offset }: Page) {
  return { data, total, limit, offset, has_more: offset + data.length < total };
}
