"""The one client of OpenAI-compatible servers: used by the endpoint probe and by prompt trials."""
