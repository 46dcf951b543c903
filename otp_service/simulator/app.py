r"""The simulator as a WSGI application.

State lives in the application's memory: several threads may share it, several processes would each
have phones and faults of their own. Any WSGI server will do, for example::

    granian --interface wsgi --factory --blocking-threads 8 \
        --port 8001 otp_service.simulator.app:create_simulator
"""

import time
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from otp_service.simulator import control, events, guard, page, sms, viber
from otp_service.simulator.account import Account
from otp_service.simulator.callbacks import Callbacks, LoopbackPost, Post
from otp_service.simulator.chat import utc_now
from otp_service.simulator.delivery import DELIVERY_SECONDS, Delivery
from otp_service.simulator.faults import Faults
from otp_service.simulator.inbox import Inbox
from otp_service.simulator.otp_template import DIALECTS, Dialect
from otp_service.simulator.schedule import BackgroundSchedule, Schedule
from otp_service.simulator.sending import Provider
from otp_service.simulator.signature import Keys
from otp_service.simulator.terms import Terms

MAX_BODY_BYTES = 64 * 1024


def create_simulator(
    *,
    access_key: str = "sim_access",
    access_secret: str = "sim_secret",  # noqa: S107 - the published key of a make-believe account
    appkey: str = "sim_app",
    dialect: Dialect = "either",
    terms: Terms | None = None,
    callback_url: str | None = None,
    delivery_seconds: float = DELIVERY_SECONDS,
    inbox: Inbox | None = None,
    clock: Callable[[], datetime] = utc_now,
    wait: Callable[[float], None] = time.sleep,
    post: Post | None = None,
    schedule: Schedule | None = None,
) -> Flask:
    """Give a provider of its own: one account, empty phones, no faults.

    Args:
        dialect: Which spelling of the OtpTemplate fields is taken: ``documented``, ``current`` or
            ``either``.
        terms: What the account begins with: its balance, prices and limits.
        callback_url: Called back with receipts and replies, at this URL of this machine followed by
            ``/receipt`` or ``/reply``; nobody is if None.
        delivery_seconds: From acceptance to the phone.
        inbox: Phones with other bounds than the usual.
        clock: The provider's time, aware.
        wait: Called with the seconds a ``delay_ms`` fault lasts.
        post: Calls back instead of the network.
        schedule: Does what is due later, the posting too; else each has a thread in the background.

    Raises:
        ValueError: For a dialect there is not, or a callback URL of another machine.
    """
    if dialect not in DIALECTS:
        message = f"dialect must be one of {', '.join(DIALECTS)}"
        raise ValueError(message)
    if post is None and callback_url is not None:
        post = LoopbackPost(callback_url)
    inbox = Inbox(clock=clock) if inbox is None else inbox
    account = Account(terms)
    # A schedule each: a receiver that is slow keeps the posting waiting, but no message.
    callbacks = Callbacks(post=post, schedule=schedule or BackgroundSchedule(), clock=clock)
    delivery = Delivery(
        inbox=inbox,
        account=account,
        callbacks=callbacks,
        schedule=schedule or BackgroundSchedule(),
        clock=clock,
        appkey=appkey,
        delivery_seconds=delivery_seconds,
    )
    provider = Provider(
        keys=Keys(access_key=access_key, access_secret=access_secret, appkey=appkey),
        dialect=dialect,
        account=account,
        inbox=inbox,
        faults=Faults(),
        callbacks=callbacks,
        delivery=delivery,
        clock=clock,
        wait=wait,
    )
    return _application(provider)


def _application(provider: Provider) -> Flask:
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    guard.install(app)
    app.register_blueprint(viber.blueprint(provider))
    app.register_blueprint(sms.blueprint(provider))
    app.register_blueprint(control.blueprint(provider))
    app.register_blueprint(page.blueprint(provider.inbox))
    app.register_blueprint(events.blueprint(provider.inbox))
    app.register_error_handler(HTTPException, _explain)

    @app.after_request
    def date(response: Response) -> Response:
        # Werkzeug's server writes a Date of its own beside ours; the others leave ours alone.
        if "werkzeug.socket" not in request.environ:
            response.date = provider.clock()
        return response

    return app


def _explain(error: HTTPException) -> Response:
    response = jsonify(error=error.description)
    response.status_code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    for name, value in error.get_headers():
        if name not in response.headers:
            response.headers[name] = value
    return response
