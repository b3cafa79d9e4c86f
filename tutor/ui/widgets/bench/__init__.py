"""What the sandbox's screen is made of, beside the instruments."""
