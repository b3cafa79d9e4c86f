"""One screen a file. They do not import one another: what a person chooses travels up as a message."""
