/** How long a browser may take to start: three seconds are usual, and a busy machine needs more. */
export const LAUNCH_LIMIT_MS = 25_000;

/** What did not start twice does not start a third time: the tests after it fail at once. */
const broken = new Map<string, Error>();

/**
 * What `start` resolves with. A start that fails or hangs is tried once more, because on a busy machine a browser
 * sometimes misses its own moment; after that it is the test's failure, in plain words.
 */
export async function patiently<Started>(
  name: string,
  start: () => Promise<Started>,
  limit = LAUNCH_LIMIT_MS,
): Promise<Started> {
  const known = broken.get(name);
  if (known) throw known;
  try {
    return await within(limit, start());
  } catch (error) {
    console.error(`${name} did not start, trying once more: ${(error as Error).message}`);
  }
  try {
    return await within(limit, start());
  } catch (cause) {
    const error = new Error(`${name} did not start, twice: ${(cause as Error).message}`, { cause });
    broken.set(name, error);
    throw error;
  }
}

async function within<Started>(limit: number, started: Promise<Started>): Promise<Started> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing after ${limit / 1000} s`)), limit);
  });
  return Promise.race([started, late]).finally(() => clearTimeout(timer));
}
