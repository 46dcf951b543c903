"""Says where a request comes from, for a server that is started with ``echoing:app``."""

from flask import Flask, request

from otp_service.api.peer import TrustedProxies

app = Flask(__name__)


@app.get("/<int:hops>")
def client(hops: int) -> dict[str, str | None]:
    forwarded = request.headers.getlist("X-Forwarded-For")
    return {
        "peer": request.remote_addr,
        "client": TrustedProxies(hops).client_of(request.remote_addr, forwarded),
    }
