/** Takes out of a text what looks like a key or a secret of Stripe's, masked or not. */
export const hideSecrets = (text: string): string => text.replace(/\b(sk|rk|pk|whsec)_[\w+/=*.…-]+/g, "$1_…");
