/** Ids of links to hosted flows. They are also the ids of the tokens that the sessions of these flows are opened with. */

export const LINK = "cs";

export const isLinkId = (id: string): boolean => id.startsWith(`${LINK}_`);
