"""From a brief to a verdict, step by step: observe, enrich, evaluate, remember."""
