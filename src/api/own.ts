/**
 * The same without a prototype. What somebody else's code has put on `Object.prototype`, or was made to put there, is no
 * answer of the server, no option of ours and none of the browser's.
 */
export const own = <const Value extends object>(value: Value): Value =>
  Object.assign(Object.create(null), value);
