/** All that is kept about one customer: to be handed out, and to be forgotten. */
import type { Json, Scope } from "./store.ts";

/** Whom it is about: by the ids that billing and the business know them by, and by address. */
export interface Person {
  customerIds: readonly string[];
  emails: readonly string[];
}

export interface PersonalDataQueries {
  /** Whoever is known by this id or address: all ids and addresses that stand beside it in the books. */
  personOf(scope: Scope, by: { customerId?: string; email?: string }): Promise<Person>;
  /** By table, each row as it is kept, oldest first. */
  personalData(scope: Scope, person: Person): Promise<Record<string, Json[]>>;
  /** Whether a decision or change of theirs is still being carried out. */
  isBusy(scope: Scope, person: Person): Promise<boolean>;
  /**
   * Takes out what says who it was or what they wrote; what counts stays, under `alias`, an id that stands for nobody.
   * @returns how many rows were changed, by table
   */
  forgetPerson(scope: Scope, person: Person, alias: string): Promise<Record<string, number>>;
}

export interface PersonalDataUpkeep {
  /** Customers of whom nothing has been heard since. @returns one id of each, at most `limit` */
  silentCustomers(before: number, limit: number): Promise<(Scope & { customerId: string })[]>;
}
