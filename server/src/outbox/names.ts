/**
 * The addresses of hosts that businesses name. The system's own search for names has few places in a process, which mail,
 * billing and the database need as well: a name server that never answers would hold all of them.
 */
import { Resolver } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";

export interface NamesOptions {
  /** For all that one search may take, ms. */
  limit: number;
  /** `address:port`; absent: those of the system. */
  servers?: readonly string[];
  /** Absent: the system's own. */
  hostsFile?: string;
}

/** Until a name server that was asked once is asked again, ms. */
const PATIENCE = 2_000;
const TRIES = 2;

const HOSTS_FILE = process.platform === "win32" ? "C:\\Windows\\System32\\drivers\\etc\\hosts" : "/etc/hosts";

/**
 * Names are asked for as they are written, without a domain that a system would add to short ones.
 *
 * @returns all addresses of a host, which rejects if there is none. However many ask, one search is under way for each host.
 */
export function names({
  limit,
  servers,
  hostsFile = HOSTS_FILE,
}: NamesOptions): (host: string) => Promise<string[]> {
  const searches = new Map<string, Promise<string[]>>();

  async function search(host: string): Promise<string[]> {
    const known = await written(hostsFile, host);
    return known.length ? known : asked(host, limit, servers);
  }

  return (host) => {
    const name = host.toLowerCase().replace(/\.$/, "");
    const current = searches.get(name) ?? search(name).finally(() => searches.delete(name));
    searches.set(name, current);
    return current;
  };
}

/** Read anew each time: it is small, and containers get theirs while they run. */
async function written(file: string, name: string): Promise<string[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  const found = text.split("\n").flatMap((line) => {
    const [address = "", ...all] = line.replace(/#.*/, "").trim().split(/\s+/);
    return isIP(address) && all.some((each) => each.toLowerCase() === name) ? [address] : [];
  });
  // No name server is to be asked for it.
  if (!found.length && /^(.+\.)?localhost$/.test(name)) return ["127.0.0.1", "::1"];
  return found;
}

async function asked(name: string, limit: number, servers: readonly string[] | undefined): Promise<string[]> {
  // One for each search, since it can only cancel all that it has asked.
  const resolver = new Resolver({ timeout: PATIENCE, tries: TRIES });
  if (servers) resolver.setServers(servers);
  const timer = setTimeout(() => resolver.cancel(), limit);
  try {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const found = answers.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
    const [{ reason } = {}] = answers.filter((each) => each.status === "rejected");
    if (!found.length) throw reason ?? new Error("no address");
    return found;
  } finally {
    clearTimeout(timer);
  }
}
