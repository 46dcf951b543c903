"""The provider's side, for development and tests without an account."""
