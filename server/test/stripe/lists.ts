/** Stripe's pages: https://docs.stripe.com/api/pagination */
import { Refusal } from "./state.ts";

interface Listed {
  id: string;
  created?: number;
}

export interface PageParams {
  limit?: number;
  starting_after?: string;
  ending_before?: string;
}

export interface Page<Item> {
  object: "list";
  data: Item[];
  has_more: boolean;
  url: string;
}

export interface SearchPage<Item> {
  object: "search_result";
  data: Item[];
  has_more: boolean;
  next_page: string | null;
  url: string;
}

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;

function limitOf(limit = DEFAULT_LIMIT): number {
  const [bound, word] = limit < 1 ? [1, "greater"] : [MAX_LIMIT, "less"];
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new Refusal(
    400,
    `This value must be ${word} than or equal to ${bound} (it currently is '${limit}').`,
    {
      code: "parameter_invalid_integer",
      param: "limit",
    },
  );
}

/** `/v1/credit_notes/cn_1/lines` lists lines: the last word of the address that is not an id. */
const kindOf = (url: string): string => (url.split("/").at(-1) ?? "").replace(/s$/, "");

/**
 * An id that the list does not have is refused. Of an object that exists and that the list's filter leaves out, the
 * documentation says nothing; here it counts as missing.
 */
function placeOf(items: readonly Listed[], id: string, param: string, url: string): number {
  const place = items.findIndex((item) => item.id === id);
  if (place < 0) {
    throw new Refusal(400, `No such ${kindOf(url)}: '${id}'`, { code: "resource_missing", param });
  }
  return place;
}

/** By `created`, and what came to be within one second by its place. */
function newestFirst<Item extends Listed>(items: readonly Item[]): Item[] {
  return items.toReversed().sort((a, b) => (b.created ?? 0) - (a.created ?? 0));
}

/** A page of what is in order already: items of a subscription, lines of an invoice. */
export function pageInOrder<Item extends Listed>(
  items: readonly Item[],
  { limit, starting_after, ending_before }: PageParams,
  url: string,
): Page<Item> {
  const count = limitOf(limit);
  let data: Item[];
  let more: boolean;
  if (ending_before === undefined) {
    const from = starting_after === undefined ? 0 : placeOf(items, starting_after, "starting_after", url) + 1;
    data = items.slice(from, from + count);
    more = from + count < items.length;
  } else {
    const to = placeOf(items, ending_before, "ending_before", url);
    data = items.slice(Math.max(0, to - count), to);
    more = to > count;
  }
  return { object: "list", data, has_more: more, url };
}

/** @param items in the order in which they came to be, as `state.all` gives them; the answer has the newest first */
export function page<Item extends Listed>(
  items: readonly Item[],
  params: PageParams,
  url: string,
): Page<Item> {
  return pageInOrder(newestFirst(items), params, url);
}

/** The same for a search. What Stripe's page tokens look like is its own affair; here it is the place to go on from. */
export function searchPage<Item extends Listed>(
  items: readonly Item[],
  params: { limit?: number; page?: string },
  url: string,
): SearchPage<Item> {
  const count = limitOf(params.limit);
  const from = Number(params.page ?? 0);
  const more = from + count < items.length;
  return {
    object: "search_result",
    data: newestFirst(items).slice(from, from + count),
    has_more: more,
    next_page: more ? String(from + count) : null,
    url,
  };
}
