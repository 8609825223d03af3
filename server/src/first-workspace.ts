/** What the first start makes of the environment, and what a demo needs to know of where it is served. */
import { prices } from "./billing/simulator-demo.ts";
import type { Deps } from "./deps.ts";
import { DEFAULT_CURRENCY } from "./domain/currency.ts";
import { demoFlow } from "./domain/default-flow.ts";
import { changeSettings } from "./domain/settings.ts";
import type { FirstWorkspace } from "./domain/workspaces.ts";
import type { Settings } from "./settings.ts";
import type { WorkspaceSettings } from "./store/store.ts";

/** All that the demo business sells, so that its customers can change to another product too. */
export const demoPlans = prices.filter(({ active }) => active).map(({ id }) => id);

/** What most of the demo's prices are in. */
const DEMO_CURRENCY = "usd";
/** The demo's page that customers come back to. */
const DEMO_RETURN = "/returned.html";

/** @param isDemo whether billing is simulated */
export function firstWorkspace(settings: Settings, isDemo: boolean): FirstWorkspace {
  const { FALLBACK_EMAIL, ALLOWED_ORIGINS, DEFAULT_CURRENCY: given, PUBLIC_URL } = settings;
  const { RENUMERATE_PUBLIC_KEY: publicKey, RENUMERATE_PRIVATE_KEY: privateKey } = settings;
  const business: WorkspaceSettings = {
    fallbackEmail: FALLBACK_EMAIL,
    allowedOrigins: ALLOWED_ORIGINS,
    currency: given ?? (isDemo ? DEMO_CURRENCY : DEFAULT_CURRENCY),
    ...(isReturnGiven(settings) ? givenReturn(settings) : isDemo ? ownReturn(PUBLIC_URL) : {}),
  };
  const made = isDemo
    ? { name: "Demo", settings: { ...business, hub: { plans: demoPlans } }, flow: demoFlow }
    : { name: "My workspace", settings: business };
  return { ...made, publicKey, privateKey };
}

type Return = Pick<WorkspaceSettings, "returnHosts" | "defaultReturnUrl">;

const isReturnGiven = ({ RETURN_HOSTS, DEFAULT_RETURN_URL }: Settings): boolean =>
  RETURN_HOSTS !== undefined || DEFAULT_RETURN_URL !== undefined;

const givenReturn = ({ RETURN_HOSTS: returnHosts, DEFAULT_RETURN_URL: url }: Settings): Return => ({
  ...(returnHosts ? { returnHosts } : {}),
  ...(url === undefined ? {} : { defaultReturnUrl: url }),
});

const ownReturn = (publicUrl: string): Return => ({
  returnHosts: [new URL(publicUrl).host],
  defaultReturnUrl: `${publicUrl}${DEMO_RETURN}`,
});

/** Whether it was this server that chose where to, at another port, or nobody has yet. */
function isOwnReturn({ returnHosts, defaultReturnUrl: url }: WorkspaceSettings, publicUrl: string): boolean {
  if (url === undefined) return returnHosts === undefined;
  const { host, hostname } = new URL(url);
  const isHere = hostname === new URL(publicUrl).hostname && url.endsWith(DEMO_RETURN);
  return isHere && returnHosts?.length === 1 && returnHosts[0] === host;
}

/** The demo's customers come back to the server itself, whose port can be another one at each start. */
export async function followPort(
  { store, publicUrl }: Pick<Deps, "store" | "publicUrl">,
  settings: Settings,
  id: string,
): Promise<void> {
  if (isReturnGiven(settings)) return;
  const own = ownReturn(publicUrl);
  await changeSettings(store, id, (before) =>
    isOwnReturn(before, publicUrl) && own.defaultReturnUrl !== before.defaultReturnUrl
      ? { ...before, ...own }
      : before,
  );
}
