"""Write down what this release leaves in a store, for the next one to read.

Usage, from the release's own code:
PYTHONPATH=tests python tests/contract/previous_release/record.py
"""

from pathlib import Path

from support.redis_servers import RedisServer
from support.scenes import Scenes
from support.snapshot import taken
from support.store_view import StoreView

from otp_service.redis_store import connect, read_address

KEYS = Path(__file__).with_name("keys.jsonl")

if __name__ == "__main__":
    with RedisServer() as server:
        scenes = Scenes(connect(read_address(server.url)), is_cluster=False)
        scenes.play()
        view = StoreView([server.client.execute_command])
        KEYS.write_text(taken(view, **scenes.ids))
