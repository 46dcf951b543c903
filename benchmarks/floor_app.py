"""A bare Flask application: the round trips of verify and start, and nothing else.

Environment: ``BENCH_REDIS`` and ``BENCH_PROVIDER``, both URLs.
"""

import os

import redis
import requests
from flask import Flask, Response, request

_SCRIPT = (
    "redis.call('HSET', KEYS[1], 'k', ARGV[1]) "
    "redis.call('PEXPIRE', KEYS[1], 60000) "
    "return redis.call('HGET', KEYS[1], 'k')"
)

app = Flask(__name__)
_redis = redis.Redis.from_url(os.environ["BENCH_REDIS"], protocol=2)
_sha = _redis.script_load(_SCRIPT)
_session = requests.Session()
_session.trust_env = False
_adapter = requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=512)
_session.mount("http://", _adapter)


def _step(name: str) -> None:
    _redis.evalsha(_sha, 1, f"bench:{name}", "1")


@app.post("/verify")
def verify() -> Response:
    """One script."""
    _step(request.get_json()["id"])
    return app.json.response(status="approved")


@app.post("/start")
def start() -> Response:
    """A script, the provider, a script."""
    name = request.get_json()["id"]
    _step(name)
    _session.post(os.environ["BENCH_PROVIDER"], json={"pin": "1"}, timeout=8).json()
    _step(name)
    return app.json.response(status="pending")
