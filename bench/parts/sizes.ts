/** What a page pays in bytes, beside what the Renumerate client and the closest peer make it pay. */
import { measureSizes, type Weight } from "../../scripts/size.ts";
import type { Part } from "../part.ts";

const EAGER_AIM = 2_000;
const FLOW_AIM = 13_000;

/**
 * The Renumerate client 0.7.7 as it is published, minified, and Churnkey's open React components, whose flow is in the same
 * script; measured once, with the same compressors.
 */
const peers = {
  "Renumerate client, class as a module; draws a frame only": { raw: 13_867, gzip: 3_588, brotli: 3_070 },
  "Renumerate client, classic script": { raw: 14_196, gzip: 3_729, brotli: 3_187 },
  "Renumerate client, React, without React": { raw: 15_324, gzip: 4_017, brotli: 3_457 },
  "Churnkey's flow, React components, without React": { brotli: 13_023 },
  "Churnkey's flow, with React 19": { brotli: 71_983 },
} as const;

const bytes = (value: number | undefined): string => value?.toLocaleString("en") ?? "–";
const row = (what: string, { raw, gzip, brotli }: Partial<Weight>): string[] => [
  what,
  bytes(raw),
  bytes(gzip),
  bytes(brotli),
];

export const part: Part = {
  title: "What a page pays, bytes",

  async run() {
    const { weights, parts, files } = await measureSizes();
    const names = {
      eager: "before anybody clicks: `embed.js`",
      flow: "everything that a finished cancel flow loads in English, `embed.js` included",
      hub: "everything that a page with a subscription hub loads, `embed.js` included",
      manage: "what a hub loads beyond that when somebody is about to change something, or opens a section",
      sdk: "the class as a module, `renumerate.js`, before it loads anything",
      umd: "the class as a classic script, `renumerate.umd.js`, before it loads anything",
      react: "the class and the React components in a page's own bundle, without React",
    } as const;
    const ours = (Object.keys(names) as (keyof typeof names)[]).map((name) =>
      row(names[name], weights[name]),
    );
    const theirs = Object.entries(peers).map(([name, weight]) => row(name, weight));
    const { eager, flow } = weights;
    return {
      tables: [
        { columns: ["ours", "raw", "gzip 9", "brotli 11"], rows: ours },
        { columns: ["peers", "raw", "gzip 9", "brotli 11"], rows: theirs },
        {
          title: "Of the flow, by part: with it, less without it",
          columns: ["part", "raw", "brotli 11"],
          rows: parts.map(({ part, raw, brotli }) => [part, bytes(raw), bytes(brotli)]),
        },
      ],
      aims: [
        {
          what: "before anybody clicks",
          aim: `at most ${bytes(EAGER_AIM)}`,
          is: bytes(eager.brotli),
          met: eager.brotli <= EAGER_AIM,
        },
        {
          what: "a finished cancel flow",
          aim: `at most ${bytes(FLOW_AIM)}`,
          is: bytes(flow.brotli),
          met: flow.brotli <= FLOW_AIM,
          explained: "[where the limit is](#where-the-limit-is)",
        },
      ],
      figures: { weights, parts, files },
    };
  },
};
