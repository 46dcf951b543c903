"""A bare Flask application: the round trips of verify and start, and nothing else.

It takes the service's own requests. Environment: ``BENCH_REDIS`` and ``BENCH_PROVIDER``, both URLs.
"""

import os

import redis
import requests
from flask import Flask, Response, request
from requests.adapters import HTTPAdapter

_SCRIPT = (
    "redis.call('HSET', KEYS[1], 'k', ARGV[1]) "
    "redis.call('PEXPIRE', KEYS[1], 60000) "
    "return redis.call('HGET', KEYS[1], 'k')"
)
# As many as the service's server holds, so that none is refused and none is opened anew.
_KEPT_CONNECTIONS = 1024
_TIMEOUT_SECONDS = 8


def create_app() -> Flask:
    """Give the floor of a worker process."""
    app = Flask(__name__)
    store = redis.Redis.from_url(
        os.environ["BENCH_REDIS"], protocol=2, max_connections=_KEPT_CONNECTIONS
    )
    sha = store.script_load(_SCRIPT)
    provider = os.environ["BENCH_PROVIDER"]
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=_KEPT_CONNECTIONS))

    def step(name: str) -> None:
        store.evalsha(sha, 1, f"bench:{name}", "1")

    @app.post("/otp/verify")
    def verify() -> Response:
        """One script."""
        step(request.get_json()["verification_id"])
        return app.json.response(status="approved")

    @app.post("/otp/start")
    def start() -> tuple[Response, int]:
        """A script, the provider, a script."""
        phone = request.get_json()["phone"]
        step(phone)
        session.post(provider, json={"phone": phone}, timeout=_TIMEOUT_SECONDS).json()
        step(phone)
        return app.json.response(status="pending"), 201

    return app
