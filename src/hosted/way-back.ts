/**
 * The way back to the business whose link led to this page. The server says where it goes, once its own record holds what
 * the customer has done here: what the business is told is never this page's word.
 */
import type { RetentionModal } from "../components/retention-modal.ts";
import type { CompleteDetail } from "../events.ts";

/** `decided`: at once, because it is for the business to say how it ended; `closed`: when the customer has read it. */
export type Moment = "decided" | "closed";

/** Milliseconds for which the record may lack what was done last; after them, what it holds is what counts. */
const PATIENCE = 5_000;
/** Milliseconds until an answer counts as lost. */
const LONGEST_WAIT = 10_000;
/** Milliseconds until the record is looked at again; grows. */
const FIRST_PAUSE = 150;

/** Statuses of a link that leads nowhere any more. */
const OVER = [404, 410];
/** Refusals that are none for good. */
const PASSING = [408, 425, 429];

class Refused extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`status ${status}`);
    this.status = status;
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** @returns undefined while the record does not say so */
async function ask(body: { outcome: CompleteDetail["outcome"]; final?: true }): Promise<string | undefined> {
  const answer = await fetch(`${location.pathname}/return`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(LONGEST_WAIT),
  });
  if (!answer.ok) throw new Refused(answer.status);
  const { url } = (await answer.json()) as { url?: string };
  // An address of another kind would be a script of this page.
  if (answer.status === 202 && !body.final) return undefined;
  if (!/^https?:/.test(url ?? "")) throw new Refused(answer.status);
  return url;
}

/** @param isFinal whether nothing is on its way to the server that its record could lack */
async function addressOf(outcome: CompleteDetail["outcome"], isFinal: boolean): Promise<string> {
  const until = performance.now() + PATIENCE;
  for (let wait = FIRST_PAUSE; ; wait *= 1.6) {
    const isLast = isFinal || performance.now() >= until;
    const url = await ask({ outcome, ...(isLast && { final: true }) });
    if (url) return url;
    await pause(Math.min(wait, Math.max(0, until - performance.now())));
  }
}

/** Resolves once there is somebody who sees this page: browsers run some before they are asked for. */
const seen = () =>
  new Promise<unknown>((resolve) =>
    "prerendering" in document && document.prerendering
      ? document.addEventListener("prerenderingchange", resolve, { once: true })
      : resolve(undefined),
  );

/** Leads from this flow back to the business, or says on the page why not; without one, at once. */
export function leadBack(flow: RetentionModal | undefined, when: Moment): void {
  const part = (id: string) => document.getElementById(id) as HTMLElement;
  const close = part("close");
  const moment = part("moment");
  const failed = part("failed");
  const retry = failed.querySelector(".retry") as HTMLElement;

  let outcome: CompleteDetail["outcome"] | undefined;
  /** Whether a step was shown, so that there is something for the record to say. */
  let isAsked = false;
  let isFinal = false;
  let isLeaving = false;
  let known = () => {};

  /** A decision that was under way when the flow was closed says later how it ended. */
  const decided = () =>
    new Promise<CompleteDetail["outcome"]>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("not decided yet")), LONGEST_WAIT);
      known = () => {
        clearTimeout(timer);
        resolve(outcome as CompleteDetail["outcome"]);
      };
    });

  function say(words: HTMLElement): void {
    moment.textContent = "";
    words.hidden = false;
    words.querySelector("h2")?.focus();
  }

  async function leave(): Promise<void> {
    if (isLeaving) return;
    isLeaving = true;
    for (const each of [flow, close, failed, part("help")]) if (each) each.hidden = true;
    moment.textContent = moment.dataset.words ?? "";
    try {
      await seen();
      const believed = outcome ?? (isFinal ? "abandoned" : await decided());
      location.replace(await addressOf(believed, isFinal));
    } catch (error) {
      isLeaving = false;
      const status = error instanceof Refused ? error.status : 0;
      retry.hidden = status >= 400 && status < 500 && !PASSING.includes(status);
      say(OVER.includes(status) ? part("used") : failed);
    }
  }

  retry.onclick = () => void leave();
  // It comes back as it was left; the link may have been used meanwhile.
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
  if (!flow) {
    isFinal = true;
    return void leave();
  }
  flow.addEventListener("renumerate-step", () => {
    isAsked = true;
    // After an offer that was taken the customer may begin again.
    outcome = undefined;
  });
  flow.addEventListener("renumerate-complete", ({ detail }) => {
    outcome = detail.outcome;
    isFinal = !isAsked;
    known();
    if (when === "decided") void leave();
  });
  flow.addEventListener("renumerate-close", () => {
    // What had been decided before this page was opened completes nothing; else a decision is still under way.
    if (!outcome) isFinal = !!flow.shadowRoot?.querySelector("[part~=mark]");
    void leave();
  });
  close.onclick = () => {
    if (flow.close) return flow.close();
    // The flow's own code has not come.
    isFinal = true;
    void leave();
  };
  close.hidden = false;
}
