/** Ids of links to hosted flows. They are also the ids of the tokens that the sessions of these flows are opened with. */

export const LINK = "cs";

export const isLinkId = (id: string): boolean => id.startsWith(`${LINK}_`);

/** Whether the business carries out by itself what is decided: the link is then all that is known of the subscription. */
export const isOwn = ({ id, subscriptionId }: { id: string; subscriptionId: string }): boolean =>
  id === subscriptionId;
