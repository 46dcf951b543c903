"""The provider's client: signing, senders, result codes."""
