/** Sessions by exchange: the site's backend vouches for whoever is signed in, and a session is kept for that one alone. */
import { loadRetentionModal } from "../lazy.ts";
import type { RenumerateConfig, SdkSession } from "./types.ts";

/** In the tab's own storage. */
const KEY = "renumerate_sdk_session";

/** A session with so many seconds left, or fewer, is not begun with. */
const MARGIN = 60;

const LONGEST_WAIT = 10_000;

/** Milliseconds in which nobody signs out and somebody else in. */
const TOGETHER = 500;

/** With whom the session is for, and of which server: another customer's is never used. */
interface Kept extends SdkSession {
  subscriber?: string | undefined;
}

const isGood = (kept: Kept | undefined): kept is Kept =>
  typeof kept?.sessionId === "string" && kept.expiresAt > Math.floor(Date.now() / 1000) + MARGIN;

/** Whom a handshake token names, as far as can be read; only that server can tell whether it is true. */
function subscriberOf(token: string, server: string): string | undefined {
  try {
    const bytes = atob((token.split(".")[0] as string).replaceAll("-", "+").replaceAll("_", "/"));
    const text = new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
    const { brandPub, subscriberId } = JSON.parse(text);
    return subscriberId ? JSON.stringify([server, brandPub, subscriberId]) : undefined;
  } catch {
    return undefined;
  }
}

function stored(): Kept | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    if (isGood(kept)) return kept;
    sessionStorage.removeItem(KEY);
  } catch {}
  return undefined;
}

/** An answer of the exchange. */
function sessionIn(body: unknown): SdkSession {
  const { session } = (body ?? {}) as { session?: Partial<SdkSession> };
  const { sessionId, expiresAt } = session ?? {};
  if (typeof sessionId !== "string" || typeof expiresAt !== "number")
    throw new Error("Session exchange failed");
  if (!sessionId.startsWith("r10_"))
    throw new Error(`Invalid session ID format. Expected r10_ prefix, got: ${sessionId.slice(0, 4)}`);
  return { sessionId, expiresAt };
}

/** A flow is one customer's from its beginning to its end: it asks once, and again when the session has expired. */
export function remembering(ask: (fresh: boolean) => Promise<string>): (fresh: boolean) => Promise<string> {
  let last: Promise<string> | undefined;
  return (fresh) => {
    if (last && !fresh) return last;
    const asked = ask(fresh);
    last = asked;
    asked.catch(() => {
      if (last === asked) last = undefined;
    });
    return asked;
  };
}

interface Source {
  callback: RenumerateConfig["getAuthToken"];
  server: string;
}

export class Sessions {
  readonly #config: () => RenumerateConfig;
  readonly #apiUrl: () => string;
  #kept: Kept | undefined;
  /** Where it comes from: with another callback or server it is asked who is signed in. */
  #source: Source | undefined;
  /** Who is signed in, while that is being asked. */
  #asking: { session: Promise<SdkSession>; source: Source; since: number } | undefined;
  /** Exchanges under way, by subscriber. */
  readonly #exchanging = new Map<string, Promise<Kept>>();
  /** Of whoever has asked last, or cleared. */
  #turn = 0;

  constructor(config: () => RenumerateConfig, apiUrl: () => string) {
    this.#config = config;
    this.#apiUrl = apiUrl;
  }

  /** The last session, even if it has expired. */
  get current(): SdkSession | null {
    return this.#kept ? this.#public(this.#kept) : null;
  }

  clear(): void {
    this.#turn++;
    this.#kept = undefined;
    this.#asking = undefined;
    this.#exchanging.clear();
    try {
      sessionStorage.removeItem(KEY);
    } catch {}
  }

  /** @throws Error with the server's words, or what the callback rejects with */
  get(): Promise<SdkSession> {
    const kept = this.#kept;
    return isGood(kept) && this.#isStill(this.#source) ? Promise.resolve(this.#public(kept)) : this.#shared();
  }

  refresh(): Promise<SdkSession> {
    return this.#establish(true);
  }

  /** For an element that opens: somebody else may have signed in since, so the site is asked who it is. */
  readonly forElement = async (fresh: boolean): Promise<string> => {
    const { sessionId } = await (fresh ? this.refresh() : this.#shared());
    return sessionId;
  };

  get #from(): Source {
    return { callback: this.#config().getAuthToken, server: this.#apiUrl() };
  }

  #isStill(source: Source | undefined): boolean {
    const { callback, server } = this.#from;
    return source?.callback === callback && source?.server === server;
  }

  #shared(): Promise<SdkSession> {
    const last = this.#asking;
    if (last && this.#isStill(last.source) && performance.now() - last.since < TOGETHER) return last.session;
    const session = this.#establish(false);
    const asking = { session, source: this.#from, since: performance.now() };
    this.#asking = asking;
    const end = () => {
      if (this.#asking === asking) this.#asking = undefined;
    };
    session.then(end, end);
    return session;
  }

  async #establish(anew: boolean): Promise<SdkSession> {
    // Whoever asked last knows best who is signed in: what comes later for somebody else is not kept.
    const turn = ++this.#turn;
    const source = this.#from;
    const { timeout = LONGEST_WAIT } = this.#config();
    const token = await this.#vouched(source.callback as () => Promise<string>, timeout);
    const subscriber = subscriberOf(token, source.server);
    const known = isGood(this.#kept) ? this.#kept : stored();
    if (!anew && subscriber !== undefined && known?.subscriber === subscriber)
      return this.#keep(known, source, turn);
    const under = anew || subscriber === undefined ? undefined : this.#exchanging.get(subscriber);
    const exchanged = under ?? this.#exchange(token, subscriber, source.server, timeout);
    return this.#keep(await exchanged, source, turn);
  }

  /** One at a time for each customer: what is under way is as fresh as can be. */
  #exchange(token: string, subscriber: string | undefined, server: string, timeout: number): Promise<Kept> {
    const exchanged = (async () => {
      const { exchange } = await loadRetentionModal(timeout);
      try {
        return { ...sessionIn(await exchange(token, { apiUrl: server, timeout })), subscriber };
      } catch (error) {
        // Without words of the server there is only a code, which elements read and people do not.
        if (error instanceof Error && error.message === (error as { code?: string }).code)
          error.message = "Session exchange failed";
        throw error;
      }
    })();
    if (subscriber !== undefined) {
      this.#exchanging.set(subscriber, exchanged);
      const end = () => {
        if (this.#exchanging.get(subscriber) === exchanged) this.#exchanging.delete(subscriber);
      };
      exchanged.then(end, end);
    }
    return exchanged;
  }

  async #vouched(getAuthToken: () => Promise<string>, timeout: number): Promise<string> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    // Or else whoever asks again would wait for the same answer that does not come.
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("getAuthToken has not answered")), timeout);
    });
    try {
      return await Promise.race([getAuthToken(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #keep(kept: Kept, source: Source, turn: number): SdkSession {
    if (turn === this.#turn) {
      this.#kept = kept;
      this.#source = source;
      try {
        sessionStorage.setItem(KEY, JSON.stringify(kept));
      } catch {}
    }
    return this.#public(kept);
  }

  #public({ sessionId, expiresAt }: Kept): SdkSession {
    return { sessionId, expiresAt };
  }
}
