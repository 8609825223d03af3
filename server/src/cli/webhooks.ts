/** `renumerate webhooks`: the business's own endpoints, and what was sent to them. */
import { type Command, Option } from "commander";
import { z } from "zod";
import { wholeNumber } from "../contract/paging.ts";
import {
  DELIVERY_STATUSES,
  MOST_OVERLAP,
  type WebhookDelivery,
  WebhookDescription,
  WebhookEvents,
  WebhookUrl,
} from "../contract/webhooks.ts";
import {
  createEndpoint,
  deleteEndpoint,
  listEndpoints,
  readEndpoint,
  rotateSecret,
  testEndpoint,
  updateEndpoint,
} from "../domain/webhook-endpoints.ts";
import { listDeliveries, sendAgain } from "../domain/webhook-log.ts";
import { deliveryView, endpointView } from "../domain/webhook-views.ts";
import { asJson, type EnvironmentName, environment, print, type Using, valid } from "./tools.ts";
import { deliveryLine, endpointLine, inWords, reachOf, withSecret } from "./webhook-words.ts";

interface Json {
  json?: boolean;
}

const Events = z
  .string()
  .transform((text) => text.split(",").map((each) => each.trim()))
  .pipe(WebhookEvents);
const Hours = wholeNumber(0, MOST_OVERLAP, 24);
const Count = wholeNumber(1, 200, 50);

export function webhookCommands(root: Command, using: Using): void {
  const webhooks = root
    .command("webhooks")
    .description("endpoints of yours that hear what happens, and what was sent to them");
  endpointCommands(webhooks, inWords(using));
  secretCommand(webhooks, inWords(using));
  deliveryCommands(webhooks, inWords(using));
}

type Named = Json & { url?: string; events?: z.output<typeof WebhookEvents>; description?: string | false };

const eventsOption = () =>
  new Option("--events <list>", "types of events with commas, or * for all").argParser(valid(Events));
const describing = "what it is for";

function endpointCommands(webhooks: Command, using: Using): void {
  webhooks
    .command("create")
    .argument("<url>", "where events are posted to", valid(WebhookUrl))
    .description("have events posted to an address; its secret is shown once")
    .addOption(environment())
    .addOption(eventsOption().default(["*"], "*"))
    .option("--description <text>", describing, valid(WebhookDescription))
    .addOption(asJson())
    .action((url: string, { json, environment: name, ...wanted }: Create) =>
      using(async ({ deps, workspace }) => {
        const scope = { workspaceId: workspace.id, environment: name };
        const { endpoint, secret } = await createEndpoint(deps, scope, { url, ...wanted });
        const view = endpointView(endpoint, deps.clock());
        print(json, { ...view, secret }, withSecret(view, secret));
      }),
    );
  webhooks
    .command("list")
    .description("list those of one environment")
    .addOption(environment())
    .addOption(asJson())
    .action(({ json, environment: name }: Json & { environment: EnvironmentName }) =>
      using(async ({ deps, workspace }) => {
        const of = { workspaceId: workspace.id, environment: name };
        const views = (await listEndpoints(deps, of)).map((each) => endpointView(each, deps.clock()));
        print(json, views, views.map(endpointLine).join("\n"));
      }),
    );
  webhooks
    .command("show <id>")
    .description("print one")
    .addOption(asJson())
    .action((id: string, { json }: Json) =>
      using(async (opened) => {
        const { deps } = opened;
        const view = endpointView(await readEndpoint(deps.store, reachOf(opened), id), deps.clock());
        print(json, view, JSON.stringify(view, null, 2));
      }),
    );
  const change = (id: string, wanted: Parameters<typeof updateEndpoint>[3], json: boolean | undefined) =>
    using(async (opened) => {
      const { deps } = opened;
      const view = endpointView(await updateEndpoint(deps, reachOf(opened), id, wanted), deps.clock());
      print(json, view, endpointLine(view));
    });
  webhooks
    .command("update <id>")
    .description("change it; what is not named stays")
    .option("--url <url>", "where events are posted to", valid(WebhookUrl))
    .addOption(eventsOption())
    .option("--description <text>", describing, valid(WebhookDescription))
    .option("--no-description", "it needs none")
    .addOption(asJson())
    .action((id: string, { json, description, ...wanted }: Named) =>
      change(
        id,
        { ...wanted, ...(description === undefined ? {} : { description: description || null }) },
        json,
      ),
    );
  for (const [name, status, says] of [
    ["enable", "enabled", "send it what happens from now on"],
    ["disable", "disabled", "send it nothing more, and give up what is on its way"],
  ] as const)
    webhooks
      .command(`${name} <id>`)
      .description(says)
      .addOption(asJson())
      .action((id: string, { json }: Json) => change(id, { status }, json));
  webhooks
    .command("delete <id>")
    .description("end it, with all that was sent to it")
    .addOption(asJson())
    .action((id: string, { json }: Json) =>
      using(async (opened) => {
        const { deps } = opened;
        const view = endpointView(await deleteEndpoint(deps, reachOf(opened), id), deps.clock());
        print(json, { ...view, deleted: true }, `${id} is deleted`);
      }),
    );
}

type Create = Json & {
  environment: EnvironmentName;
  events: z.output<typeof WebhookEvents>;
  description?: string;
};

function secretCommand(webhooks: Command, using: Using): void {
  webhooks
    .command("rotate-secret <id>")
    .description("sign with a new secret; it is shown once")
    .option("--overlap-hours <number>", "how long the one before signs as well, 0 to 168", valid(Hours), 24)
    .addOption(asJson())
    .action((id: string, { json, overlapHours }: Json & { overlapHours: number }) =>
      using(async (opened) => {
        const { deps } = opened;
        const { endpoint, secret } = await rotateSecret(deps, reachOf(opened), id, overlapHours);
        const view = endpointView(endpoint, deps.clock());
        print(json, { ...view, secret }, withSecret(view, secret));
      }),
    );
}

interface Wanted extends Json {
  status?: WebhookDelivery["status"];
  limit: number;
  after?: string;
}

function deliveryCommands(webhooks: Command, using: Using): void {
  webhooks
    .command("test <id>")
    .description("send it an event webhook.test, whatever it is set to hear; a running server does that")
    .addOption(asJson())
    .action((id: string, { json }: Json) =>
      using(async (opened) => {
        const view = deliveryView(await testEndpoint(opened.deps, reachOf(opened), id));
        print(json, view, deliveryLine(view));
      }),
    );
  webhooks
    .command("deliveries <id>")
    .description("list what was sent to it and what is on its way, latest first")
    .addOption(new Option("--status <status>").choices(DELIVERY_STATUSES))
    .option("--limit <number>", "how many, at most 200", valid(Count), 50)
    .option("--after <delivery>", "only those from before this one")
    .addOption(asJson())
    .action((id: string, { json, ...by }: Wanted) =>
      using(async (opened) => {
        const page = await listDeliveries(opened.deps, reachOf(opened), id, by);
        print(json, page, page.data.map(deliveryLine).join("\n"));
      }),
    );
  webhooks
    .command("replay <delivery>")
    .description("send it again, with as many attempts as at first")
    .addOption(asJson())
    .action((id: string, { json }: Json) =>
      using(async (opened) => {
        const view = deliveryView(await sendAgain(opened.deps, reachOf(opened), id));
        print(json, view, deliveryLine(view));
      }),
    );
}
