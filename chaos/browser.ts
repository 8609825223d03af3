/** The real widgets in a real browser, in front of the same servers and the same faults. */
import { createServer, type Server as Site } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type Browser, chromium } from "playwright-core";
import { findBrowser } from "../scripts/browser.ts";
import type { FlowEvent } from "../src/api/wire.ts";
import { createFaultProxy, type Upstream } from "../test/e2e/fault-proxy.ts";
import type { Shop } from "../test/e2e/faults/shop.ts";
import { type Fired, Visit } from "../test/e2e/faults/visit.ts";
import { BrowserTab, type Passage } from "./browser-tab.ts";
import type { Person } from "./customer.ts";
import type { Home } from "./home.ts";
import { Incidents } from "./incidents.ts";
import { type Ending, isReached, type Story } from "./invariants.ts";
import { noteLate, type Shown, type Witness } from "./page.ts";
import type { CustomerPlan, Plan } from "./plan.ts";
import { deafen, inTurns, judge, logViolations, type Played } from "./scenario.ts";

/** Until everybody has come to rest while things fail, ms. */
const FAULTS_LIMIT = 20_000;
/** Until nothing is kept in the browser any more, ms. */
const EMPTY_LIMIT = 15_000;

const pages = new Map<string, string>();

interface Running {
  readonly browser: Browser;
  readonly site: Site;
  readonly origin: string;
}
let running: Promise<Running> | undefined;

async function start(): Promise<Running> {
  const browser = await chromium.launch({ executablePath: await findBrowser(), args: ["--no-sandbox"] });
  const site = createServer(({ url = "" }, response) => {
    const page = pages.get(url);
    response.writeHead(page ? 200 : 404, { "content-type": "text/html; charset=utf-8" }).end(page);
  });
  await new Promise<void>((resolve) => site.listen(0, "localhost", resolve));
  return { browser, site, origin: `http://localhost:${(site.address() as AddressInfo).port}` };
}

export async function closeBrowser(): Promise<void> {
  const stopping = await running;
  running = undefined;
  await stopping?.browser.close();
  stopping?.site.close();
  stopping?.site.closeAllConnections();
}

type Heard = Pick<Witness, "acknowledged" | "tooLate">;

/** Notes what the server has acknowledged, and refused as too old, whether the browser hears of it or not. */
const noting =
  (answer: Upstream["answer"], { acknowledged, tooLate }: Heard): Upstream["answer"] =>
  async (request, body) => {
    const given = await answer(request, body);
    if (given.status === 401)
      noteLate({ tooLate }, request.url ?? "", body.toString(), given.body.toString());
    if (given.status >= 300 || !body.length || !request.url?.startsWith("/v1/widget/")) return given;
    // A flow is asked for without any.
    const { session, events = [] } = JSON.parse(body.toString()) as { session: string; events?: FlowEvent[] };
    for (const event of events) acknowledged.set(event.id, { session, event });
    return given;
  };

function shownIn(fired: readonly Fired[]): Shown[] {
  return fired
    .filter(({ name }) => name === "renumerate-retained" || name === "renumerate-cancelled")
    .map(({ name, detail }) => {
      const {
        sessionId: session,
        status,
        offer,
      } = detail as unknown as {
        sessionId: string;
        status: Shown["status"];
        offer?: { type: string };
      };
      return {
        outcome: name.slice("renumerate-".length) as Shown["outcome"],
        status,
        session,
        offer: offer?.type,
      };
    });
}

/** One customer with one browser. */
class BrowserCustomer implements Story {
  readonly person: Person;
  readonly acknowledged: Heard["acknowledged"];
  readonly tooLate: Heard["tooLate"];
  readonly shown: Shown[] = [];
  readonly violations: string[] = [];
  readonly endings: Ending[] = [];
  /** What this customer did to the servers' surprise. */
  readonly happened: string[] = [];
  readonly diary: string[] = [];
  readonly isAlone: boolean;
  hasConfirmed = false;
  readonly #plan: CustomerPlan;
  readonly #visit: Visit;
  readonly #tabs: BrowserTab[] = [];

  constructor(person: Person, plan: CustomerPlan, visit: Visit, { acknowledged, tooLate }: Heard) {
    this.person = person;
    this.#plan = plan;
    this.#visit = visit;
    this.acknowledged = acknowledged;
    this.tooLate = tooLate;
    this.isAlone = plan.tabs.length === 1;
  }

  #passage(): Passage {
    return {
      tell: (words) => void this.diary.push(words),
      violated: (words) => void this.violations.push(words),
      confirmed: (isConfirmed) => {
        this.hasConfirmed = isConfirmed;
      },
      heard: (fired) => void this.shown.push(...shownIn(fired)),
      ended: (ending) => void this.endings.push(ending),
    };
  }

  async #open(plan: CustomerPlan["tabs"][number]): Promise<BrowserTab> {
    // Each has the page that it was opened with; what is around it is shared.
    const page = await this.#visit.newPage();
    const tab = new BrowserTab(
      Object.assign(Object.create(this.#visit) as Visit, { page }),
      plan,
      this.#passage(),
      this.isAlone,
    );
    this.#tabs.push(tab);
    await page.goto(this.#visit.address);
    return tab;
  }

  async visit(): Promise<void> {
    await Promise.all(
      this.#plan.tabs.map(async (plan) => {
        await pause(plan.startsAfter);
        const tab = await this.#open(plan);
        await tab.walk(2, plan.leaves?.after ?? Number.POSITIVE_INFINITY);
        if (this.#tabs.length > 1 && !this.happened.includes("two tabs")) this.happened.push("two tabs");
        if (!plan.leaves) return;
        this.happened.push("closed tab");
        await tab.leave(plan.leaves.abruptly);
      }),
    );
  }

  /** Everything works again. */
  async goOn(): Promise<void> {
    await Promise.all(this.#tabs.map((tab) => tab.goOn()));
  }

  /** The next day: the customer looks in again, and whatever was kept in the browser goes. */
  async comeBack(): Promise<void> {
    for (const tab of this.#tabs) await tab.leave(false);
    // Who was not let through is not let through again, and each wait takes its time.
    if (!this.endings.every((ending) => isReached(ending, this.isAlone))) return;
    const tab = await this.#open({ wish: "look", words: 0, pace: 0, startsAfter: 0 });
    await tab.goOn();
    const end = Date.now() + EMPTY_LIMIT;
    for (let kept = await this.#visit.kept(); kept.length; kept = await this.#visit.kept()) {
      if (Date.now() > end) {
        this.violations.push(`still kept in the browser: ${kept.join().slice(0, 400)}`);
        break;
      }
      await tab.happens("online");
      await pause(500);
    }
    await tab.leave(false);
  }
}

export async function inBrowser(home: Home, plan: Plan): Promise<Played> {
  running ??= start();
  const { browser, origin } = await running;
  const heard: Heard = { acknowledged: new Map(), tooLate: new Set() };
  const front = await createFaultProxy({
    kindOf: () => undefined,
    answer: noting(inTurns(home.parts.urls), heard),
  });
  const incidents = new Incidents(home, plan);
  const violations: string[] = [];
  const person = await home.books.newcomer();
  const shop = { url: front.url, mint: () => home.mint(front.url, person) } as unknown as Shop;
  const [first] = plan.customers;
  const { source } = first as CustomerPlan;
  const element = plan.seed % 20 < 10 ? "button" : "dialog";
  const path = `/${person.id}.html`;
  const placing = { element, source, children: true } as const;
  const visit = await Visit.begin(shop, browser, person, placing, origin + path);
  pages.set(path, visit.html);
  const customer = new BrowserCustomer(person, first as CustomerPlan, visit, heard);
  let isPlayed = false;
  try {
    deafen(home, plan);
    incidents.watch(visit.api, ["flow", "events", "decision", "beacon"]);
    incidents.watch(visit.backend, ["session"]);
    const story = customer.visit();
    await Promise.race([story, pause(FAULTS_LIMIT)]);
    await incidents.over();
    for (const proxy of [visit.api, visit.backend]) proxy.mend();
    await home.recover();
    await story;
    await customer.goOn();
    await incidents.deliverLate();
    await customer.comeBack();
    isPlayed = true;
    // Without the widgets' files there is nothing that could fail.
    if (!visit.api.calls.length) violations.push("the page has asked for nothing: npm run build:embed");
    const judged = await home.whileCalm(() => judge(home, customer, plan));
    violations.push(...judged, ...logViolations(home));
    violations.push(...visit.harm.filter((each) => !/ERR_|net::|Failed to load/.test(each)));
  } catch (error) {
    home.isBroken ||= isPlayed;
    violations.push(`it could not be played to its end: ${error instanceof Error ? error.stack : error}`);
    violations.push(...customer.violations);
  } finally {
    pages.delete(path);
    await visit.end();
    await front.close();
  }
  return {
    violations,
    diary: [...incidents.diary, ...customer.diary],
    requests: visit.api.calls.length,
    acknowledged: heard.acknowledged.size,
    happened: [...incidents.happened, ...customer.happened],
    overtaken: incidents.overtaken,
  };
}
