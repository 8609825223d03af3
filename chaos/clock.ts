/** Loaded before the server: the parent process can set its clock. Timers go on as they do on a real machine. */
let ahead = Number(process.env.CHAOS_CLOCK_AHEAD ?? 0);
const RealDate = Date;

globalThis.Date = class extends RealDate {
  constructor(...given: unknown[]) {
    // What is given is a time already.
    super(...((given.length ? given : [RealDate.now() + ahead]) as [number]));
  }
  static override now(): number {
    return RealDate.now() + ahead;
  }
} as DateConstructor;

process.on("message", (message) => {
  ahead = (message as { ahead: number }).ahead;
});
// Listening to the parent must not keep a server that wants to end.
process.channel?.unref();
