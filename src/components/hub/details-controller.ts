/** What a customer writes into the form of their billing details, and what becomes of it. */
import { saveBillingDetails } from "../../api/hub.ts";
import type { HubCustomer } from "../../api/wire.ts";
import type { Fault } from "../../flow/machine.ts";
import { announceChange } from "./news.ts";
import { failed, redraw, type SectionHost } from "./section-parts.ts";

/** What the contract takes for an address. */
export const EMAIL = /^(?:[\w'+-]+\.)*[\w'+-]*[\w+-]@(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}$/;

export class DetailsController {
  isOpen = false;
  isEdited = false;
  /** What there is to say, by its text. */
  news: "busy" | "hub_saved" | undefined;
  /** What was typed is no e-mail address. */
  isWrong = false;
  fault: Fault | undefined;
  /** What was typed, by the name of its field; another one for each form. */
  draft: Record<string, string> = {};
  /** What billing has answered, for as long as the hub does not know it. */
  saved: HubCustomer | undefined;
  readonly #host: SectionHost;
  #owner: string | undefined;
  /** What the hub knows. */
  #known: HubCustomer | undefined;

  constructor(host: SectionHost) {
    this.#host = host;
  }

  /** Drops all that is known: the next answer may be another customer's. */
  forget(): void {
    this.isOpen = false;
    this.#close();
    this.saved = this.#known = undefined;
  }

  /** Says whose details are about to be drawn: what was typed by somebody else is not kept for a moment. */
  belongTo(owner: string | undefined, customer: HubCustomer): void {
    if (owner !== this.#owner && this.isEdited) this.forget();
    if (customer !== this.#known) this.saved = undefined;
    this.#owner = owner;
    this.#known = customer;
  }

  /** What was typed is still there when it is opened again. */
  toggle(): void {
    this.isOpen = !this.isOpen;
    this.#host.requestUpdate();
  }

  readonly edit = async ({ currentTarget }: Event): Promise<void> => {
    const root = (currentTarget as Element).getRootNode() as ShadowRoot;
    this.isEdited = true;
    this.news = undefined;
    await redraw(this.#host);
    root.getElementById("billing-name")?.focus();
  };

  readonly write = ({ target }: Event): void => {
    const { name, value } = target as HTMLInputElement;
    this.draft[name] = value;
  };

  readonly press = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    this.back(event);
  };

  readonly back = ({ currentTarget }: Event): void => {
    if (this.news) return;
    this.#close();
    void this.#leave((currentTarget as Element).getRootNode() as ShadowRoot);
  };

  readonly save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const host = this.#host;
    const { client } = host;
    if (this.news || !client) return;
    const form = event.currentTarget as HTMLFormElement;
    const root = form.getRootNode() as ShadowRoot;
    // Not every browser focuses a button that is clicked.
    event.submitter?.focus();
    const typed = [...new FormData(form)].map(([name, value]) => [name, `${value}`.trim()]);
    const { name = "", email, ...address } = Object.fromEntries(typed.filter(([, value]) => value));
    this.fault = undefined;
    this.isWrong = "email" in form.elements && !EMAIL.test(email ?? "");
    if (this.isWrong) {
      await redraw(host);
      root.getElementById("billing-email")?.focus();
      return;
    }
    this.news = "busy";
    const { draft } = this;
    try {
      host.requestUpdate();
      const saved = await saveBillingDetails(client, { name, ...(email && { email }), address });
      if (draft !== this.draft) return;
      this.#close();
      this.saved = saved;
      this.news = "hub_saved";
      announceChange(host);
      await this.#leave(root, form.contains(root.activeElement));
      void host.refresh();
    } catch (error) {
      if (draft !== this.draft) return;
      this.news = undefined;
      this.fault = failed(host, error, true);
      host.requestUpdate();
    }
  };

  #close(): void {
    this.isEdited = this.isWrong = false;
    this.news = this.fault = undefined;
    this.draft = {};
  }

  async #leave(root: ShadowRoot, isHere = true): Promise<void> {
    await redraw(this.#host);
    if (isHere) root.getElementById("edit")?.focus();
  }
}
