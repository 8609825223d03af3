/** Frames that show hosted pages of the server; here pages of this origin, which is the server's for these tests. */
import { expect, waitUntil } from "@open-wc/testing";
import { usual } from "../fixtures/flows.ts";
import { serve } from "../fixtures/open.ts";
import { settle } from "../fixtures/settle.ts";
import { exchanging, Site } from "./exchange.ts";
import { begun, cancelled, cornerOf, create, dialogOf, dialogs, leave, recorder, reported } from "./page.ts";

/** Says what it is told to say, and remembers what else it hears. */
const script = `<script>
  const heard = [];
  addEventListener("message", ({ data }) => {
    if (data === "heard?") parent.postMessage({ heard }, "*");
    else if (data && "say" in data) (data.to === "page" ? top : parent).postMessage(data.say, "*");
    else heard.push(data);
  });
</script>`;

async function frameWith(
  properties: Partial<HTMLIFrameElement> = {},
  sandbox?: string,
): Promise<HTMLIFrameElement> {
  const frame = document.createElement("iframe");
  if (sandbox !== undefined) frame.setAttribute("sandbox", sandbox);
  frame.srcdoc = script;
  Object.assign(frame, properties);
  const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
  document.body.append(frame);
  await loaded;
  return frame;
}

const say = (frame: HTMLIFrameElement, message: unknown) =>
  frame.contentWindow?.postMessage({ say: message }, "*");

/** Messages keep their order: what comes back after these has been seen by everybody. */
async function heardBy(frame: HTMLIFrameElement): Promise<unknown[]> {
  return new Promise((resolve) => {
    const hear = ({ data, source }: MessageEvent) => {
      if (source !== frame.contentWindow || !data?.heard) return;
      removeEventListener("message", hear);
      resolve(data.heard);
    };
    addEventListener("message", hear);
    frame.contentWindow?.postMessage("heard?", "*");
  });
}

const cancelMessage = (sessionId: unknown = "ret_frame", subscriptionId?: unknown) => ({
  type: "cancel-subscription",
  data: { sessionId, subscriptionId },
});

describe("frames of hosted pages", () => {
  afterEach(leave);

  it("cancel-subscription opens the session that it names, and the frame hears when it is over", async () => {
    const { server } = serve(usual);
    const { calls, callbacks } = recorder();
    create({ callbacks });
    const frame = await frameWith();
    say(frame, cancelMessage());
    await waitUntil(() => dialogs().length, "no dialog");
    await cancelled(await begun());
    expect(server.flows[0]?.token).to.equal("ret_frame");
    expect(await heardBy(frame)).to.deep.equal([{ type: "cancel-subscription-accepted", data: {} }]);
    cornerOf().click();
    expect((await heardBy(frame)).at(-1)).to.deep.equal({ type: "on-complete", data: {} });
    expect(calls).to.deep.equal(["cancelled", "complete:cancelled"]);
  });

  it("the subscription that it names, and no other thing", async () => {
    const { server } = serve(usual);
    create();
    const frame = await frameWith();
    say(frame, cancelMessage("r10_1", "sub_7"));
    await waitUntil(() => dialogs().length, "no dialog");
    await begun();
    expect(server.flows[0]?.body.subscription_id).to.equal("sub_7");
    expect(server.flows[0]?.token).to.equal("r10_1");
  });

  it("with getAuthToken too, its session is the frame's", async () => {
    const exchange = exchanging();
    const { server } = serve(usual);
    create({ getAuthToken: new Site("cus_1").getAuthToken });
    say(await frameWith(), cancelMessage("r10_frame"));
    await waitUntil(() => dialogs().length, "no dialog");
    await begun();
    expect(server.flows[0]?.token).to.equal("r10_frame");
    expect(exchange.asked).to.deep.equal([]);
  });

  it("39: a frame of another origin is not listened to", async () => {
    serve(usual);
    create();
    const foreign = await frameWith({}, "allow-scripts");
    const own = await frameWith();
    say(foreign, cancelMessage());
    say(foreign, { type: "resize", data: { height: 700 } });
    await heardBy(foreign);
    create({ apiUrl: "https://api.example.com" });
    expect(dialogs()).to.deep.equal([]);
    expect(foreign.style.height).to.equal("");
    expect(await heardBy(own)).to.deep.equal([]);
  });

  it("39: neither is the own origin where the server is elsewhere", async () => {
    serve(usual);
    create({ apiUrl: "https://api.example.com" });
    const frame = await frameWith();
    say(frame, cancelMessage());
    await heardBy(frame);
    expect(dialogs()).to.deep.equal([]);
  });

  it("a window that is no frame of this document is not listened to", async () => {
    serve(usual);
    create();
    postMessage(cancelMessage(), location.origin);
    const gone = await frameWith();
    say(gone, cancelMessage());
    gone.remove();
    await settle();
    await heardBy(await frameWith());
    expect(dialogs()).to.deep.equal([]);
  });

  it("resize sets the height of the frame that asked, and of no other", async () => {
    create();
    const [first, second] = [await frameWith(), await frameWith()];
    first.dataset.renumerateSubhub = second.dataset.renumerateSubhub = "true";
    say(second, { type: "resize", data: { iframe: "subscription", height: 640 } });
    await heardBy(second);
    expect([first.style.height, second.style.height]).to.deep.equal(["", "640px"]);
    for (const height of [-1, 0, "900", Number.NaN, null, { valueOf: 1 }]) {
      say(second, { type: "resize", data: { height } });
    }
    await heardBy(second);
    expect(second.style.height).to.equal("640px");
  });

  it("what makes no sense does no harm", async () => {
    serve(usual);
    for (const debug of [false, true]) {
      create({ debug });
      const frame = await frameWith();
      const messages = await reported(async () => {
        for (const message of [
          null,
          undefined,
          7,
          "resize",
          [],
          {},
          { type: null },
          { type: {} },
          { type: { toString: 1 } },
          { type: "resize" },
          { type: "resize", data: null },
          { type: "cancel-subscription" },
          { type: "cancel-subscription", data: null },
          cancelMessage(7),
          cancelMessage(null),
          { type: "constructor" },
          { type: "close-dialog" },
        ]) {
          say(frame, message);
        }
        await heardBy(frame);
      });
      expect(messages).to.deep.equal([]);
      expect(dialogs()).to.deep.equal([]);
    }
  });

  it("two instances open one dialog, and cleanup ends the listening of its own", async () => {
    serve(usual);
    const [one, other] = [recorder("one"), recorder("other")];
    const first = create({ callbacks: one.callbacks });
    create({ callbacks: other.callbacks });
    const frame = await frameWith();
    for (let times = 0; times < 2; times++) {
      say(frame, cancelMessage());
      await waitUntil(() => dialogs().length, "no dialog");
      await begun();
      expect(dialogs().length).to.equal(1);
      cornerOf().click();
      first.cleanup();
    }
    expect([...one.calls, ...other.calls]).to.deep.equal([
      "one complete:abandoned",
      "other complete:abandoned",
    ]);
    expect((await heardBy(frame)).length).to.equal(4);
  });

  it("33: initialize() twice is the same as once: after cleanup() nobody listens", async () => {
    serve(usual);
    const renumerate = create();
    renumerate.initialize();
    renumerate.cleanup();
    const frame = await frameWith();
    say(frame, cancelMessage());
    await heardBy(frame);
    expect(dialogs()).to.deep.equal([]);
  });

  it("asking twice opens once", async () => {
    serve(usual);
    create();
    const frame = await frameWith();
    say(frame, cancelMessage());
    await waitUntil(() => dialogs().length, "no dialog");
    const dialog = dialogOf();
    say(frame, cancelMessage());
    await heardBy(frame);
    expect(dialogOf() === dialog).to.equal(true);
  });
});
