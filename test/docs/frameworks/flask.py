"""As much of Flask as a route of the documents needs."""


class Response:
    def __init__(self, status, body):
        self.status, self.body, self.headers = status, body, {}


def jsonify(**fields):
    return Response(200, fields)


class Flask:
    def __init__(self):
        self.routes = {}

    def get(self, path):
        def register(view):
            self.routes[path] = view
            return view

        return register
