/** Loads a customer's invoices when somebody wants to see them, and again after each load of the hub. */
import type { ReactiveController } from "lit";
import type { Client } from "../../api/client.ts";
import { readInvoices } from "../../api/hub.ts";
import type { Invoice } from "../../api/wire.ts";
import type { Fault } from "../../flow/machine.ts";
import { failed, redraw, type SectionHost } from "./section-parts.ts";

export class InvoicesController implements ReactiveController {
  isOpen = false;
  /** Somebody waits for an answer. */
  isBusy = false;
  /** None before the first answer. */
  list: readonly Invoice[] | undefined;
  /** Where older ones begin, if there are any. */
  after: string | undefined;
  /** How many came when somebody asked for more. */
  added = 0;
  fault: Fault | undefined;
  readonly #host: SectionHost;
  #client: Client | undefined;
  #owner: string | undefined;
  #loading: AbortController | undefined;
  /** The hub has been loaded since. */
  #isOld = true;
  /** The button that somebody waits at for more. */
  #pressed: HTMLElement | undefined;

  constructor(host: SectionHost) {
    this.#host = host;
    this.#client = host.client;
    host.addController(this);
  }

  hostUpdate(): void {
    const { client } = this.#host;
    if (client === this.#client) return;
    this.#client = client;
    this.#isOld = true;
    void this.#load();
  }

  /** Drops all that is known: the next answer may be another customer's. */
  forget(): void {
    this.belongTo(undefined);
    this.isOpen = false;
    this.#pressed = undefined;
  }

  /** Says whose invoices are about to be drawn: those of somebody else are not kept for a moment. */
  belongTo(owner: string | undefined): void {
    if (owner === this.#owner) return;
    this.#owner = owner;
    this.list = this.after = this.fault = undefined;
    this.added = 0;
  }

  readonly toggle = (): void => {
    this.isOpen = !this.isOpen;
    this.#pressed = undefined;
    void this.#load();
  };

  /** The next page, or once more what could not be had. */
  readonly more = ({ currentTarget }: Event): void => {
    if (this.isBusy) return;
    this.#pressed = currentTarget as HTMLElement;
    // Not every browser focuses a button that is clicked.
    this.#pressed.focus();
    void this.#load();
  };

  async #load(): Promise<void> {
    this.#loading?.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    const client = this.#client;
    const pressed = this.#pressed;
    const shown = this.list?.length ?? 0;
    const isWanted = this.isOpen && (this.#isOld || pressed) && client;
    this.added = 0;
    this.isBusy = !!isWanted && !(this.list && !pressed);
    this.#host.requestUpdate();
    if (!isWanted) return;
    let { list = [], after }: Pick<InvoicesController, "list" | "after"> = this.#isOld
      ? { list: [], after: undefined }
      : this;
    try {
      do {
        const page = await readInvoices(client, after, signal);
        if (signal.aborted) return;
        const ids = list.map(({ id }) => id);
        const others = page.invoices.filter(({ id }) => !ids.includes(id));
        list = [...list, ...others];
        // A server that does not know any more where the page before has ended begins anew.
        after = others.length ? page.after : undefined;
      } while (after && list.length < shown + (pressed ? 1 : 0));
      this.list = list;
      this.after = after;
      this.added = pressed ? list.length - shown : 0;
      this.fault = undefined;
      this.#isOld = false;
    } catch (error) {
      if (signal.aborted) return;
      this.fault = failed(this.#host, error, !!pressed);
    }
    this.isBusy = false;
    this.#pressed = undefined;
    const root = (this.#host as unknown as HTMLElement).shadowRoot;
    const held = root?.activeElement;
    const name = held?.ariaLabel;
    await redraw(this.#host);
    const find = (selector: string) => [...(root?.querySelectorAll<HTMLElement>(selector) ?? [])];
    if (held && held === pressed) {
      // On to the first of what is new.
      const next = this.added > 0 ? find("[part=invoice]")[shown] : held;
      (next?.isConnected ? (next as HTMLElement) : find("#history")[0])?.focus();
    } else if (name) {
      // A newer invoice may stand where that one was.
      find("[part=invoice] a")
        .find(({ ariaLabel }) => ariaLabel === name)
        ?.focus({ preventScroll: true });
    }
  }
}
