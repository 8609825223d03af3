/** As much of Express as a route of the documents needs. */
export function application() {
  const routes = new Map();
  return {
    get: (path, handler) => routes.set(path, handler),
    /** @returns what the client would see */
    async answer(path, user) {
      const answer = { status: 200, headers: {} };
      const response = {
        sendStatus(status) {
          answer.status = status;
          return response;
        },
        set(name, value) {
          answer.headers[name.toLowerCase()] = value;
          return response;
        },
        json(body) {
          answer.body = body;
          return response;
        },
      };
      await routes.get(path)({ user }, response);
      return answer;
    },
  };
}
