/**
 * The class for pages without a bundler. As a module it is `renumerate.js`; as a classic script, `renumerate.umd.js`, it
 * is there as soon as the tag has run: `new Renumerate.Renumerate(config)`. What is not there from the start comes from
 * `embed.js` in the same folder.
 */
import { defaults } from "../lazy.ts";
import { address } from "./address.ts";

export { VERSION } from "../define.ts";
export { Renumerate } from "../sdk/renumerate.ts";

// Without an address there is no server, like in a bundle.
if (address) defaults.apiUrl = new URL(address).origin;
