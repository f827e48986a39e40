"""Jobs of the warehouse."""
