/** What was measured, multiplied to a year, in words. */

import type { Aim, Table } from "../part.ts";
import type { Minute, Year } from "../parts/year.ts";
import type { Consumed } from "./consumption.ts";
import type { Kind } from "./load.ts";
import { shareOf } from "./past.ts";

const YEAR = 100_000_000;
const SECONDS = 365 * 86_400;
const MEAN = YEAR / SECONDS;

/** How much more of the processors a visit may take with many visits behind it. */
const MOST_GROWN = 1.5;

/** Of three servers, of which each opens ten. */
const CONNECTIONS = 30;

const kinds: readonly Kind[] = ["session", "configuration", "events", "decision"];

const whole = (value: number) => Math.round(value).toLocaleString("en");
const gigabytes = (bytes: number) => `${whole(bytes / 1e9)} GB`;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** Share of one processor at so many visits a second. */
const shareAt = (rate: number, { visits }: Minute, seconds: number): string =>
  `${Math.round((100 * rate * seconds) / visits)} %`;

const perVisit = ({ visits }: Minute, seconds: number): string =>
  `${((1_000 * seconds) / visits).toFixed(1)} ms`;

function costs({ empty, full, rate, visits: past }: Year): Table {
  const row = (what: string, of: (minute: Minute) => string) => [what, of(empty), of(full)];
  return {
    title: "What visits cost: processor time of three servers together, and of PostgreSQL",
    columns: ["", "empty database", `${whole(past)} visits behind it`],
    rows: [
      row("visits, requests", ({ visits, requests }) => `${whole(visits)}, ${whole(requests)}`),
      row("requests that failed", ({ faults }) => String(faults.length)),
      row("servers, for a visit", (minute) => perVisit(minute, minute.consumed.servers)),
      row("PostgreSQL, for a visit", (minute) => perVisit(minute, minute.consumed.database)),
      row(`servers, of one processor at ${rate} a second`, (minute) =>
        shareAt(rate, minute, minute.consumed.servers),
      ),
      row(`PostgreSQL, of one processor at ${rate} a second`, (minute) =>
        shareAt(rate, minute, minute.consumed.database),
      ),
      row("servers, PostgreSQL when nobody comes", ({ resting }) =>
        [resting.servers, resting.database].map((share) => `${(100 * share).toFixed(1)} %`).join(", "),
      ),
      row(`both at the mean of ${MEAN.toFixed(1)} a second`, (minute) =>
        shareAt(MEAN, minute, minute.consumed.servers + minute.consumed.database),
      ),
      row("memory of the servers", ({ memory }) => `${whole(memory)} MB`),
      row("connections: most, most at work", ({ connections: { most, active } }) => `${most}, ${active}`),
      row("messages for a visit", ({ messages, visits }) => (messages / visits).toFixed(1)),
      row("last message after the last visit", ({ behind }) => `${behind.toFixed(1)} s`),
    ],
  };
}

/** All connections at work: whoever came then stood in a queue, and what they waited says how long that was. */
const isQueueing = ({ connections: { active } }: Minute): boolean => active >= CONNECTIONS;

function latencies({ empty, full, visits }: Year): Table {
  const compared = !isQueueing(empty) && !isQueueing(full);
  const cell = (minute: Minute, kind: Kind) =>
    `${whole(minute.medians[kind])} (${whole(minute.slow[kind])})${isQueueing(minute) ? ", queued" : ""}`;
  return {
    title: `How long a request takes, ms: median (95 of 100)${compared ? "" : "; with queues there is nothing to compare"}`,
    columns: [
      "",
      "empty database",
      `${whole(visits)} visits behind it`,
      ...(compared ? ["second ÷ first, medians"] : []),
    ],
    rows: kinds.map((kind) => [
      kind,
      cell(empty, kind),
      cell(full, kind),
      ...(compared ? [(full.medians[kind] / empty.medians[kind]).toFixed(2)] : []),
    ]),
  };
}

function storage({ weights, visits }: Year): Table {
  const rows = weights.map(({ table, rows, heap, indexes }) => {
    // What is forgotten after some days is there in part, here as there.
    const share = shareOf(table);
    const count = rows / visits / share;
    const [data, index] = [heap, indexes].map((bytes) => bytes / visits / share) as [number, number];
    return {
      table,
      count,
      data,
      index,
      year: (data + index) * YEAR,
      standing: (data + index) * YEAR * share,
    };
  });
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((all, row) => all + of(row), 0);
  return {
    title: "What visits weigh: bytes for each, and what a hundred million a year come to",
    columns: ["table", "rows", "data", "indexes", "written in a year", "there at any moment, after a year"],
    rows: [
      ...rows.map(({ table, count, data, index, year, standing }) => [
        `\`${table}\``,
        count.toFixed(1),
        whole(data),
        whole(index),
        gigabytes(year),
        gigabytes(standing),
      ]),
      [
        "all of them",
        sum(({ count }) => count).toFixed(1),
        whole(sum(({ data }) => data)),
        whole(sum(({ index }) => index)),
        gigabytes(sum(({ year }) => year)),
        gigabytes(sum(({ standing }) => standing)),
      ],
    ],
  };
}

const purges = ({ purges }: Year): Table => ({
  title: "What it costs to forget a month of events and their deliveries",
  columns: ["", "events", "a second", "written ahead"],
  rows: purges.map(({ how, events, seconds, written }) => [
    how,
    whole(events),
    whole(events / seconds),
    megabytes(written),
  ]),
});

export const tablesOf = (year: Year): Table[] => [costs(year), latencies(year), storage(year), purges(year)];

export function aimsOf(year: Year): Aim[] {
  const faults = [year.empty, year.full].flatMap((minute) => minute.faults).concat(year.divided);
  const grown = (what: string, of: keyof Consumed): Aim => {
    const [first, last] = [year.empty, year.full].map((each) => each.consumed[of] / each.visits) as [
      number,
      number,
    ];
    return {
      what: `${what}, processor time of a visit with ${whole(year.visits)} visits behind it, of the empty database's`,
      aim: `at most ${MOST_GROWN}`,
      is: (last / first).toFixed(2),
      met: last / first <= MOST_GROWN,
    };
  };
  return [
    grown("servers", "servers"),
    grown("PostgreSQL", "database"),
    { what: "requests that failed", aim: "0", is: faults.join("; ") || "0", met: faults.length === 0 },
  ];
}
