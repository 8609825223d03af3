/** Whose language a route speaks, for readers of the document. */

interface Tag {
  name: string;
  description: string;
  /** How the addresses begin; the first that fits counts. */
  paths: readonly `/${string}`[];
}

export const tags: readonly Tag[] = [
  {
    name: "Subscription hub",
    description: "What the hub calls from a customer's browser, with a session",
    paths: ["/v1/widget/hub"],
  },
  {
    name: "Retention flow",
    description: "What the flow calls from a customer's browser, with a session",
    paths: ["/v1/widget/"],
  },
  {
    name: "Renumerate",
    description: "Sessions that a business's own server makes, or vouches for, as Renumerate documents them",
    paths: ["/v1/"],
  },
  {
    name: "RetentBase",
    description:
      "Links to hosted cancel flows, and the ledger of cancellations, as RetentBase documents them",
    paths: ["/api/v1/cancel"],
  },
  {
    name: "Insights",
    description: "What the ledger says all together: retention health, issues and the reports by mail",
    paths: ["/api/v1/retention-health", "/api/v1/issues", "/api/v1/reports"],
  },
  {
    name: "Retainly",
    description: "Figures, sessions, exports and the flow of a page of your own, as Retainly documents them",
    paths: ["/api/v1/analytics", "/api/v1/sessions", "/api/flows", "/api/exports"],
  },
  {
    name: "Recovery",
    description: "Payments that have failed, and what became of them",
    paths: ["/api/v1/recoveries"],
  },
  {
    name: "Webhooks",
    description: "Endpoints of your own that hear what happens, and what was sent to them",
    paths: ["/api/v1/webhook"],
  },
  {
    name: "API keys",
    description: "The secret keys of the workspace",
    paths: ["/api/v1/api-keys"],
  },
  {
    name: "Personal data",
    description: "All that is stored of one customer: handing it out, and forgetting it",
    paths: ["/api/v1/customers"],
  },
  { name: "Monitoring", description: "Whether the server works", paths: ["/api/health"] },
];

export function tagOf(path: string): string {
  const tag = tags.find(({ paths }) => paths.some((each) => path.startsWith(each)));
  if (!tag) throw new Error(`${path} has no tag in tags.ts`);
  return tag.name;
}
