"""What the service costs, beside a bare Flask application that asks the same of Redis."""
