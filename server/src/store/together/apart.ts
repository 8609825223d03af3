/** Whoever fails with this would have to wait for somebody, and with it everybody else: it is done by itself. */
export class Apart extends Error {}
