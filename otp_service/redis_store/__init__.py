"""The store: one Lua file an operation, every key of a number in one slot."""
