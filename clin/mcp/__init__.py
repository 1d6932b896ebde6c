"""The store as a Model Context Protocol server: any agent that speaks it has the memory."""
