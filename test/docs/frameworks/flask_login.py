"""As much of Flask-Login as a route of the documents needs."""
from types import SimpleNamespace

from flask import Response

current_user = SimpleNamespace(is_authenticated=False)


def login_required(view):
    def guarded():
        return view() if current_user.is_authenticated else Response(401, {})

    return guarded
