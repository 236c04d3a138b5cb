"""Which measures rank right, at what cost, and which repeat each other: the evidence for the default set."""
