"""Our tools offered to other agents: what they call runs here, by the same gates, and stands in the same record."""
