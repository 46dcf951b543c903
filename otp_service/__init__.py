"""One-time codes over Viber: start a verification, send its PIN, check what the user typed."""
