/** The code of a hub that is not there from the start. */
import { once } from "../../lazy.ts";

const load = /* @__PURE__ */ once((_again) => import("./manage.ts"));

/** Once it is there, what is pressed happens at once. */
export let manage: Awaited<ReturnType<typeof load>> | undefined;

/** @param timeout milliseconds */
export async function prepareManage(timeout?: number): Promise<void> {
  manage = await load(timeout);
}
